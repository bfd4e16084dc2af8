//go:build linux

package whisk

import (
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/stream"
)

// A Protocol is how the proxy speaks with an action (OW_PROTOCOL).
type Protocol int

const (
	// Auto is ActionLoop where its variables are set; elsewhere it is Exec for programs that link the library
	// openwhisk, and v1 or v2 for others, as their handshakes say.
	Auto Protocol = iota
	V0
	V1
	V2
	ActionLoop
	Exec
)

// Config holds the settings of the service, from the proxy's environment.
type Config struct {
	Protocol    Protocol
	Handshake   bool // v1: a handshake is awaited (OW_HANDSHAKE)
	ResultFd    int  // v1: 1 or 3 (OW_RESULT_FD)
	ActionDir   string
	Limits      code.Limits
	InitTimeout clock.Duration // OW_INIT_TIMEOUT, negative when it is not set (startLimit)
	Grace       clock.Duration // for a shutdown, in all
	Reinit      bool           // a second /init is taken (PROXY_ALLOW_REINIT)
	Concurrent  bool           // runs may overlap (__OW_ALLOW_CONCURRENT)
	Workers     int            // how many processes an action of v1 or ActionLoop may have, where runs may overlap (OW_WORKERS)
	StreamHosts stream.Hosts   // where streams may go (OW_STREAM, OW_STREAM_HOSTS), nil for nowhere
	StreamMax   int            // how long an answer with a stream in it may be, in bytes (OW_STREAM_MAX)
	Debug       bool           // the log tells how actions end (-debug)

	Launchers []code.Launcher // OW_LAUNCHER, of which OW_STEMCELL chooses one
	Main      string          // OW_MAIN

	Compiler     string // OW_COMPILER
	WaitForAck   bool   // OW_WAIT_FOR_ACK
	ExecutionEnv string // OW_EXECUTION_ENV
	LogInitError bool   // OW_LOG_INIT_ERROR
	SaveJar      string // OW_SAVE_JAR

	Env []string // the container's environment, with the proxy's additions
}

// protocol returns the protocol with Auto resolved, as far as it can be before an upload is seen: Exec answers as v1
// does. Inlined it would add 1.4 KB.
//
//go:noinline
func (c *Config) protocol() Protocol {
	if c.Protocol != Auto && c.Protocol != Exec {
		return c.Protocol
	}
	if c.Protocol == Auto && (c.Compiler != "" || c.WaitForAck || c.ExecutionEnv != "") {
		return ActionLoop
	}
	return V1
}
