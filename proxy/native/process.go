//go:build linux

package native

import (
	"strconv"
	"sync/atomic"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// A process is a child with pipes. Descriptors that are closed or were never open are -1.
type process struct {
	pid    int
	exit   int    // can be read once the child has ended
	stdin  int    // our end, non-blocking
	result int    // where the result comes from: its stdout, or descriptor 3
	log    [2]int // its stdout (unless that is result) and stderr
	host   *Host
	logs   *Logs // where its log goes
	status syscall.WaitStatus
	owner  owner        // of its events, while it is in the loop
	hears  results      // has the owner hear
	logged uint64       // the turn of the loop that last found logs
	paused [2]bool      // its logs are not read for now
	ended  atomic.Bool  // it was waited for, status holds
	passed atomic.Int32 // the last signal to end that was passed on to it
}

// spawn starts a program, whose result comes from resultFd, 1 (its stdout) or 3, through a channel whose ends are ours
// and the child's, and whose log goes to logs. When the exec itself fails the error is the kernel's.
func spawn(p Program, resultFd int, channel func() (ours, theirs int, err error), host *Host, logs *Logs) (*process, error) {
	c := &process{pid: -1, exit: -1, stdin: -1, result: -1, log: [2]int{-1, -1}, host: host, logs: logs}
	theirs := [4]int{-1, -1, -1, -1}
	files := 3
	if resultFd == 3 {
		files = 4
	}
	var err error
	for fd := 0; fd < files && err == nil; fd++ {
		switch {
		case fd == 0:
			theirs[fd], c.stdin, err = sys.Pipe()
		case fd == resultFd:
			c.result, theirs[fd], err = channel()
		default:
			c.log[fd-1], theirs[fd], err = sys.Pipe()
		}
	}
	if err == nil {
		err = c.exec(p, theirs[:files])
	}
	for _, fd := range theirs[:files] {
		sys.Close(&fd)
	}
	if err != nil {
		c.closePipes()
		return nil, err
	}
	// Our end alone: the child's is another open file description.
	sys.Fcntl(c.stdin, syscall.F_SETFL, syscall.O_NONBLOCK)
	return c, nil
}

func (c *process) exec(p Program, theirs []int) error {
	var files [4]uintptr
	for i, fd := range theirs {
		files[i] = uintptr(fd)
	}
	attr := &syscall.ProcAttr{Dir: p.Dir, Env: p.Env, Files: files[:len(theirs)],
		Sys: &syscall.SysProcAttr{Setpgid: true, PidFD: &c.exit}}
	argv := append([]string{p.Path}, p.Args...)
	err := c.host.fork(c, p.Path, argv, attr)
	// Another child that was forked while the file was still being written may hold it open for writing until its own
	// exec.
	for try := 0; err == syscall.ETXTBSY && try < 50; try++ {
		clock.Sleep(clock.Millisecond)
		err = c.host.fork(c, p.Path, argv, attr)
	}
	if err == syscall.EINVAL { // a kernel, or a stand-in for one, without pidfds
		attr.Sys.PidFD = nil
		c.exit = -1
		err = c.host.fork(c, p.Path, argv, attr)
	}
	if err != nil {
		c.exit = -1
		return err
	}
	if c.exit < 0 {
		return c.watch()
	}
	return nil
}

// watch stands in for a pidfd: a pipe that ends when the child does.
func (c *process) watch() error {
	r, w, err := sys.Pipe()
	if err != nil {
		return err
	}
	c.exit = r
	go func() {
		sys.AwaitEnd(c.pid)
		syscall.Close(w)
	}()
	return nil
}

// reap collects the status of a child whose exit was seen.
func (c *process) reap() {
	c.host.collect(c)
	sys.Close(&c.exit)
}

// polls returns the events to wait for.
//
//go:noinline
func (c *process) polls() polls {
	return polls{
		onResult: {Fd: int32(c.result), Events: sys.PollIn},
		onExit:   {Fd: int32(c.exit), Events: sys.PollIn},
		onStdout: {Fd: int32(c.log[Stdout]), Events: sys.PollIn},
		onStderr: {Fd: int32(c.log[Stderr]), Events: sys.PollIn},
		onStdin:  {Fd: -1, Events: sys.PollOut},
	}
}

// relay passes the logs on that p says are there.
func (c *process) relay(p *polls) {
	for stream, i := range [...]int{onStdout, onStderr} {
		if c.log[stream] < 0 || !p.ready(i) {
			continue
		}
		if n, open := c.relayOnce(stream); n == 0 && !open {
			c.host.close(&c.log[stream], c.owner != nil)
			p[i].Fd = -1
		}
	}
}

// relayOnce reads once, and reports whether more may come.
func (c *process) relayOnce(stream int) (n int, open bool) {
	var b [16 << 10]byte
	n, err := sys.Read(c.log[stream], b[:])
	if c.logs.Write(stream, b[:n]); c.owner == nil {
		c.logs.settle()
	}
	return n, n > 0 || err == syscall.EAGAIN
}

// relayAll passes on the logs that are in the pipes now, and not those that a child goes on writing: they may have no
// end.
func (c *process) relayAll() {
	for stream, fd := range c.log {
		if fd < 0 {
			continue
		}
		for left := sys.Unread(fd); left > 0; {
			n, _ := c.relayOnce(stream)
			if n == 0 {
				break
			}
			left -= n
		}
	}
}

// signal signals the child and its process group.
//
//go:noinline
func (c *process) signal(s syscall.Signal) {
	if c.pid > 0 && !c.ended.Load() {
		syscall.Kill(-c.pid, s)
	}
}

// pass passes a signal on that came to the container, or that ends a run when the container stops.
func (c *process) pass(s syscall.Signal) {
	if s == syscall.SIGTERM || s == syscall.SIGKILL {
		c.passed.Store(int32(s))
	}
	c.signal(s)
}

func (c *process) closePipes() {
	for _, fd := range []*int{&c.stdin, &c.result, &c.log[0], &c.log[1]} {
		sys.Close(fd)
	}
}

// reason says how the child ended.
func (c *process) reason() string {
	if c.status.Signaled() {
		text := "signal: " + c.status.Signal().String()
		switch {
		case int32(c.status.Signal()) == c.passed.Load():
			text += " (the container is stopping)"
		case c.status.Signal() == syscall.SIGKILL:
			text += " (out of memory?)"
		}
		return text
	}
	return "exit status " + strconv.Itoa(c.status.ExitStatus())
}

// Patience is how long an action has to end by itself: after the end of its input, and then after SIGTERM. SIGKILL
// follows.
type Patience struct {
	AfterEOF, AfterTerm clock.Duration
}

// stop ends the child, and relays the rest of its logs.
func (c *process) stop(p Patience) {
	sys.Close(&c.stdin)
	if !c.leaves(p.AfterEOF) {
		c.signal(syscall.SIGTERM)
		if !c.leaves(p.AfterTerm) {
			c.signal(syscall.SIGKILL)
			c.leaves(-1)
		}
	}
	c.signal(syscall.SIGKILL) // processes that it left behind in its group
	c.reap()
	c.relayAll()
	c.closePipes()
}

// leaves waits for the child's end and reports whether it came in time.
func (c *process) leaves(limit clock.Duration) bool {
	if c.exit < 0 {
		return true
	}
	end := clock.In(limit)
	p := c.polls()
	p[onResult].Fd = -1
	for {
		left := limit
		if limit > 0 {
			left = end.Left()
		}
		if !p.wait(left) {
			return false
		}
		c.relay(&p)
		if p.ready(onExit) {
			return true
		}
	}
}
