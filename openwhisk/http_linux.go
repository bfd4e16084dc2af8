package openwhisk

import (
	"os"
	"os/signal"
	"runtime"
	"syscall"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/settings"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/whisk"
)

// http serves /init and /run in this process, on the port that the settings name or on the sockets that a proxy handed
// over.
func (p *program) http() {
	if handedOver() && handed.bequest == nil {
		p.rehearse()
	}
	env := os.Environ()
	if handedOver() {
		env = handed.bequest.Env // init's env is the action's affair, not the server's
	}
	set, err := settings.Read(env)
	if err != nil {
		fail(err.Error())
	}
	loop, err := epoll.New()
	if err != nil {
		fail(err.Error())
	}
	host := native.NewHost(loop, 1, 2)
	if set.JSON {
		host.Logs.AsJSON()
	}
	host.Orphans = false // the program's own os/exec waits for its children
	logs, err := takeLogs(host.Logs)
	if err != nil {
		fail("cannot take over the logs: " + err.Error())
	}
	if !set.Whisk.Concurrent {
		p.env = &variables{}
	}
	action := &inProcess{program: p, logs: logs, loop: loop, watch: newWatch(loop.Lead), together: set.Whisk.Concurrent, streams: map[*native.Run]*looped{}}
	service := whisk.New(set.Whisk, host, &loader{program: p, action: action, config: &set.Whisk})
	server := &http1.Server{Handler: service, Loop: loop, MaxBody: set.MaxBody}
	service.Server = server
	// Go's runtime opens descriptors of its own for the first timer, and ends the process when there are none left
	// then.
	time.AfterFunc(time.Hour, func() {}).Stop()
	go receive(notified(service.Signals()), service, func() {
		handed.refuse(503, "the action is shutting down")
		logs.settle()
		os.Exit(0)
	})
	if handedOver() {
		handed.takeOver(p, server, service, action)
	} else if err := server.Listen(set.Port); err != nil {
		fail(err.Error() + " (set OW_PORT)")
	} else {
		service.Preset(action, false) // on a desk nobody sends an /init
	}
	err = server.Serve()
	runtime.KeepAlive(logs)
	fail(err.Error())
}

// notified returns a channel that gets these signals from now on.
func notified(signals []syscall.Signal) chan os.Signal {
	c := make(chan os.Signal, 16)
	for _, s := range signals {
		signal.Notify(c, s)
	}
	return c
}

// receive passes signals on to the service.
func receive(c <-chan os.Signal, service *whisk.Service, exit func()) {
	for s := range c {
		service.Received(s.(syscall.Signal), exit)
	}
}
