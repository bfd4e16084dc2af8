//go:build linux

package native

import (
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// polls are the descriptors that a run waits for. The result stands first: logs that were written before it are then
// seen in the same call.
type polls [5]sys.PollFd

const (
	onResult = iota
	onExit
	onStdout
	onStderr
	onStdin
)

// ready reports whether a read is worth while.
func (p *polls) ready(i int) bool { return p[i].Revents&(sys.PollIn|sys.PollError|sys.PollHangup) != 0 }

// wait waits for an event, at most limit; a negative limit is none. It reports false when the time is up.
func (p *polls) wait(limit clock.Duration) bool { return sys.Poll(p[:], limit) }
