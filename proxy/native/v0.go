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

// V0 runs a process for each activation.
type V0 struct {
	alone
	program Program
	host    *Host
	most    int // runs at a time
	runs    int

	mu      sync.Mutex
	ended   sync.Cond // a run has ended; its lock is mu
	running map[*process]struct{}
}

// mostOverlapping is how many runs may overlap. Each takes a process and up to eight descriptors, of which a container
// has 1024 each.
const mostOverlapping = 64

// NewV0 returns an action that starts program for every run. overlap tells whether runs may.
func NewV0(program Program, overlap bool, host *Host) *V0 {
	v := &V0{program: program, host: host, most: 1, running: map[*process]struct{}{}}
	if overlap {
		v.most = mostOverlapping
	}
	v.ended.L = &v.mu
	return v
}

// Takes implements Action.
func (v *V0) Takes() bool { return v.runs < v.most }

// Start implements Action. The answer is the last line of the process's stdout; its exit status does not matter (rule
// 29).
func (v *V0) Start(r *Run) {
	v.runs++
	logs := v.host.Logs.of(r)
	if v.most == 1 {
		v.host.Logs.Begin(r)
	}
	o := &once{v0: v, run: r, value: r.Value, out: lastLine{lineBuffer: newLineBuffer(v.host), logs: logs}}
	go func() { // a start takes a while
		p := v.program
		p.Env = variable.With(p.Env, variable.OfRequest(r.Body))
		if len(r.Value) <= maxArgument {
			p.Args = append(p.Args[:len(p.Args):len(p.Args)], string(r.Value))
		}
		child, err := v.start(p, logs)
		v.host.Loop.Post(func() { o.begin(child, err) })
	}()
}

// once is a run and its process.
type once struct {
	v0    *V0
	run   *Run
	child *process
	value []byte // the rest of it
	out   lastLine
}

func (o *once) begin(child *process, err error) {
	if err != nil {
		o.v0.runs--
		o.run.Done(nil, &StartError{Reason: "cannot run the action: " + err.Error()})
		return
	}
	o.child = child
	child.join(o)
	child.awaitRoom(true)
}

// feeds implements owner: it writes as much as the process's stdin takes, and closes that after the last byte.
func (o *once) feeds() {
	c := o.child
	n, err := sys.Write(c.stdin, o.value)
	if err == syscall.EAGAIN {
		return
	}
	if o.value = o.value[n:]; err != nil || len(o.value) == 0 {
		c.host.Loop.Close(&c.stdin)
	}
}

// hears implements owner.
func (o *once) hears() {
	if n, open := o.out.read(o.child); n == 0 && !open {
		o.child.host.Loop.Close(&o.child.result)
	}
}

// ends implements owner. A background process that keeps the stdout open delays nothing.
func (o *once) ends() {
	c, out := o.child, &o.out
	for left := sys.Unread(c.result); left > 0 && !out.tooLong; {
		n, _ := out.read(c)
		if n == 0 {
			break
		}
		left -= n
	}
	c.relayAll()
	if c.logs != c.host.Logs {
		c.logs.Sentinels()
	}
	c.part()
	v := o.v0
	v.mu.Lock()
	delete(v.running, c)
	c.reap()
	c.closePipes()
	v.ended.Broadcast()
	v.mu.Unlock()
	v.runs--
	if out.tooLong {
		out.drop()
		o.run.Done(nil, &LengthError{Most: v.host.MaxLine})
		return
	}
	o.run.Done(out.line(), nil)
}

// start starts a process. Where descriptors, memory or processes have run out and other runs hold some, it waits for
// one of those to end.
func (v *V0) start(p Program, logs *Logs) (*process, error) {
	for {
		child, err := spawn(p, 1, sys.Pipe, v.host, logs)
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

// read reads once and returns the number of bytes, and whether more may come. It ends a process whose line is too
// long.
func (o *lastLine) read(c *process) (n int, open bool) {
	from := o.n
	piece, open := o.lineBuffer.read(c.result)
	if len(piece) == 0 {
		return 0, open
	}
	// A line end that is the very last byte so far ends the last line. The bytes before were searched already, except
	// the last of them.
	from = max(HeadRoom, from-1)
	if i := bytes.LastIndexByte(o.buf[from:o.n-1], '\n'); i >= 0 {
		end := from + i + 1
		o.logs.Write(Stdout, o.buf[HeadRoom:end])
		o.n = HeadRoom + copy(o.buf[HeadRoom:], o.buf[end:o.n])
	}
	if o.isFull(len(o.line())) {
		o.tooLong = true
		c.signal(syscall.SIGKILL)
		return 0, false
	}
	return len(piece), true
}

// Settle implements Action: each run has a buffer of its own.
func (v *V0) Settle([]byte, bool) {}

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
