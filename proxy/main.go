//go:build linux

// Command proxy is the process 1 of an OpenWhisk action's container. It serves
// POST /init and POST /run and speaks the OpenWhisk Native Protocol with the
// action: docs/native-protocol.md. Its settings are environment variables:
// docs/proxy.md.
//
// It links the standard library alone, and little of that, for its size is the
// size of the image.
package main

import (
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/whisk"
)

func main() {
	flags, err := parseFlags(os.Args[1:])
	if err != nil {
		fail(err)
	}
	env := os.Environ()
	switch {
	case flags.help:
		os.Stdout.WriteString(usage)
		return
	case flags.version:
		os.Stdout.WriteString("OpenWhisk ActionLoop Proxy v" + version + ", built with " + runtime.Version() + "\n")
		return
	case flags.debug: // as in existing proxies: init may be repeated, and actions are told
		env = append(env, "OW_DEBUG=/tmp/action.log", "PROXY_ALLOW_REINIT=1")
	}
	settings, err := readSettings(env)
	if err != nil {
		fail(err)
	}
	if flags.compile != "" {
		if err := compile(settings, flags.compile, flags.env); err != nil {
			fail(err)
		}
		return
	}
	serve(settings)
}

func serve(settings settings) {
	host := native.NewHost(1, 2)
	service := whisk.New(settings.whisk, host)
	server := &http1.Server{Handler: service, MaxBody: settings.maxBody}
	if err := server.Listen(settings.port); err != nil {
		fail(&settingError{"cannot listen on port " + strconv.Itoa(settings.port) + ": " + err.Error() + " (set OW_PORT)"})
	}
	go signals(service, host)
	fail(server.Serve())
}

func fail(err error) {
	os.Stderr.WriteString("proxy: " + err.Error() + "\n")
	os.Exit(1)
}

// signals does the duties of a process 1: it ends the action when told to, passes
// other signals on, and collects orphans.
func signals(service *whisk.Service, host *native.Host) {
	c := make(chan os.Signal, 16)
	signal.Notify(c, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP, syscall.SIGUSR1, syscall.SIGUSR2, syscall.SIGQUIT)
	if os.Getpid() == 1 {
		signal.Notify(c, syscall.SIGCHLD)
	}
	ending := false
	for s := range c {
		switch s {
		case syscall.SIGCHLD:
			host.Reap()
		case syscall.SIGTERM, syscall.SIGINT:
			if ending { // asked twice: at once
				service.Signal(syscall.SIGKILL)
				continue
			}
			ending = true
			go func() {
				service.Shutdown()
				os.Exit(0)
			}()
		default:
			service.Signal(s.(syscall.Signal))
		}
	}
}
