package openwhisk

import "os"

// init answers a proxy that wants to know whether this program can be started
// here. It has to be an init: it runs before package main's own initialisers, so
// that they run once, in the real start. (Those of packages that main imports may
// run twice.)
func init() {
	if os.Getenv(probeVariable) != "" {
		os.Stdout.WriteString("openwhisk: this program can be started\n")
		os.Exit(0)
	}
}
