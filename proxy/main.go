//go:build linux

// Command proxy is the process 1 of an OpenWhisk action's container. It serves POST /init and POST /run and speaks the
// OpenWhisk Native Protocol with the action: docs/native-protocol.md. Its settings are environment variables:
// docs/proxy.md.
//
// It links the standard library alone, and little of that, for its size is the size of the image.
package main

import (
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/settings"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/whisk"
)

func main() {
	closeInherited()
	flags, err := parseFlags(arguments()[1:])
	if err != nil {
		fail(err, wrongUsage)
	}
	env := syscall.Environ()
	switch {
	case flags.help:
		print(1, usage)
		return
	case flags.version:
		version, _, _ := strings.Cut(runtime.Version(), "-X:") // experiments of the compiler follow
		print(1, "OpenWhisk ActionLoop Proxy v"+settings.Version+", built with "+version+"\n")
		return
	case flags.debug: // as in existing proxies: init may be repeated, and actions are told
		env = append(env, "OW_DEBUG=/tmp/action.log", "PROXY_ALLOW_REINIT=1")
	}
	set, err := settings.Read(env)
	if err != nil {
		fail(err, failed)
	}
	if flags.compile != "" {
		if err := compile(set, flags.compile, flags.env); err != nil {
			fail(err, failed)
		}
		return
	}
	set.Whisk.Debug = flags.debug
	serve(set)
}

func serve(set settings.Settings) {
	loop, err := epoll.New()
	if err != nil {
		fail(err, failed)
	}
	host := native.NewHost(loop, 1, 2)
	host.MaxLine = set.MaxBody
	if set.JSON {
		host.Logs.AsJSON()
	}
	host.Logs.NeverBlock(loop)
	service := whisk.New(set.Whisk, host, whisk.NewUploads(set.Whisk, host))
	server := &http1.Server{Handler: service, Loop: loop, MaxBody: set.MaxBody}
	service.Server = server
	openPoller()
	onSignal(func(s syscall.Signal) { service.Received(s, func() { exit(0) }) }, service.Signals()...)
	if err := server.Listen(set.Port); err != nil {
		fail(&settings.Error{Text: "cannot listen on port " + strconv.Itoa(set.Port) + ": " + err.Error() + " (set OW_PORT)"}, failed)
	}
	fail(server.Serve(), failed)
}

// Exit statuses.
const (
	failed     = 1
	wrongUsage = 2
)

func fail(err error, status int) {
	print(2, "proxy: "+err.Error()+"\n")
	exit(status)
}
