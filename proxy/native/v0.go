//go:build linux

package native

import (
	"bytes"
	"sync"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/variable"
)

// maxArgument is how long an argument of a program may be on Linux, in bytes without the zero at its end. A longer
// value travels on stdin alone.
const maxArgument = 131071

// V0 runs a process for each activation. Its methods may be called by several goroutines at once.
type V0 struct {
	program Program
	host    *Host

	mu      sync.Mutex
	ended   sync.Cond // a run has ended; its lock is mu
	running map[*process]struct{}
}

// NewV0 returns an action that starts program for every run.
func NewV0(program Program, host *Host) *V0 {
	v := &V0{program: program, host: host, running: map[*process]struct{}{}}
	v.ended.L = &v.mu
	return v
}

// Run implements Action. The answer is the last line of the process's stdout; its exit status does not matter (rule
// 29).
func (v *V0) Run(a Activation, slow func()) ([]byte, error) {
	p := v.program
	p.Env = variable.With(p.Env, variable.OfRequest(a.Body))
	if len(a.Value) <= maxArgument {
		p.Args = append(p.Args[:len(p.Args):len(p.Args)], string(a.Value))
	}
	child, err := v.start(p)
	if err != nil {
		return nil, &StartError{Reason: "cannot run the action: " + err.Error()}
	}
	out := lastLine{lineBuffer: newLineBuffer(v.host), logs: v.host.Logs}
	if slow != nil {
		slow() // starting a process takes about as long
	}
	out.collect(child, a.Value)
	v.mu.Lock()
	delete(v.running, child)
	child.reap()
	child.closePipes()
	v.ended.Broadcast()
	v.mu.Unlock()
	if out.tooLong {
		out.drop()
		return nil, &LengthError{Most: v.host.MaxLine}
	}
	return out.line(), nil
}

// start starts a process. Where descriptors, memory or processes have run out and other runs hold some, it waits for
// one of those to end.
func (v *V0) start(p Program) (*process, error) {
	for {
		child, err := start(p, 1, v.host)
		v.mu.Lock()
		if err == nil {
			v.running[child] = struct{}{}
			v.mu.Unlock()
			return child, nil
		}
		others := len(v.running) > 0
		if others && runOut(err) {
			v.ended.Wait()
		}
		v.mu.Unlock()
		if !others || !runOut(err) {
			return nil, err
		}
	}
}

// runOut reports whether an error says that there is none left of something.
func runOut(err error) bool {
	return err == syscall.EMFILE || err == syscall.ENFILE || err == syscall.EAGAIN || err == syscall.ENOMEM
}

// lastLine takes a process's stdout: the last line is kept, those before it are logs.
type lastLine struct {
	lineBuffer
	logs    *Logs
	tooLong bool // a line was, and the process was ended for it
}

// collect feeds the value to the process and takes its output until it ends. A background process that keeps its stdout
// open delays nothing.
func (o *lastLine) collect(c *process, value []byte) {
	p := c.polls()
	p[onStdin].Fd = int32(c.stdin)
	for {
		p.wait(-1)
		if p[onStdin].Revents != 0 {
			value = feed(c, value, &p)
		}
		if p.ready(onResult) && o.read(c) == 0 {
			p[onResult].Fd = -1
		}
		c.relay(&p)
		if p.ready(onExit) {
			for left := sys.Unread(c.result); left > 0 && !o.tooLong; {
				n := o.read(c)
				if n == 0 {
					break
				}
				left -= n
			}
			c.relayAll()
			return
		}
	}
}

// feed writes what the process's stdin takes, and closes it after the last.
func feed(c *process, value []byte, p *polls) []byte {
	n, err := sys.Write(c.stdin, value)
	if err == syscall.EAGAIN {
		return value
	}
	if value = value[n:]; err != nil || len(value) == 0 {
		sys.Close(&c.stdin)
		p[onStdin] = sys.PollFd{Fd: -1}
	}
	return value
}

// read takes what is there and returns how many bytes that were, 0 at the end. A process whose line is too long is
// ended.
func (o *lastLine) read(c *process) int {
	from := o.n
	piece := o.lineBuffer.read(c.result)
	if len(piece) == 0 {
		return 0
	}
	// A line end that is the very last byte so far ends the last line. What came before was searched already, but for
	// its last byte.
	from = max(HeadRoom, from-1)
	if i := bytes.LastIndexByte(o.buf[from:o.n-1], '\n'); i >= 0 {
		end := from + i + 1
		o.logs.Write(Stdout, o.buf[HeadRoom:end])
		o.n = HeadRoom + copy(o.buf[HeadRoom:], o.buf[end:o.n])
	}
	if o.isFull(len(o.line())) {
		o.tooLong = true
		c.signal(syscall.SIGKILL)
		return 0
	}
	return len(piece)
}

// Settle implements Action: each run has a buffer of its own.
func (v *V0) Settle([]byte, bool) {}

// Overlaps implements Action.
func (v *V0) Overlaps() bool { return true }

// Signal implements Action.
func (v *V0) Signal(s syscall.Signal) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for child := range v.running {
		child.pass(s)
	}
}

// Stop implements Action: between runs there is nothing to end.
func (v *V0) Stop(Patience) {}
