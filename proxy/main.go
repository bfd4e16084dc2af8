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
	"runtime"
	"strconv"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/settings"
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
		os.Stdout.WriteString("OpenWhisk ActionLoop Proxy v" + settings.Version + ", built with " + runtime.Version() + "\n")
		return
	case flags.debug: // as in existing proxies: init may be repeated, and actions are told
		env = append(env, "OW_DEBUG=/tmp/action.log", "PROXY_ALLOW_REINIT=1")
	}
	set, err := settings.Read(env)
	if err != nil {
		fail(err)
	}
	if flags.compile != "" {
		if err := compile(set, flags.compile, flags.env); err != nil {
			fail(err)
		}
		return
	}
	serve(set)
}

func serve(set settings.Settings) {
	host := native.NewHost(1, 2)
	service := whisk.New(set.Whisk, host, whisk.NewUploads(set.Whisk, host))
	server := &http1.Server{Handler: service, MaxBody: set.MaxBody}
	service.Server = server
	service.Signals(func() { os.Exit(0) })
	if err := server.Listen(set.Port); err != nil {
		fail(&settings.Error{Text: "cannot listen on port " + strconv.Itoa(set.Port) + ": " + err.Error() + " (set OW_PORT)"})
	}
	fail(server.Serve())
}

func fail(err error) {
	os.Stderr.WriteString("proxy: " + err.Error() + "\n")
	os.Exit(1)
}
