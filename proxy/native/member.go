//go:build linux

package native

import (
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// An owner sees to the events of a process that is in the loop. Logs are none of them: they are relayed.
type owner interface {
	hears() // there is something to read, or the end of it
	ends()  // it has ended
	feeds() // there is room in its input, or its reader is gone
}

// An end is our end of a process's pipe, or the process itself.
type end struct {
	process *process
	which   int
}

// join gives a process to the loop.
func (c *process) join(o owner) {
	c.owner, c.hears.process = o, c
	p := c.polls()
	p[onStdin].Fd = int32(c.stdin)
	for which, fd := range p {
		if fd.Fd < 0 {
			continue
		}
		events := uint32(epoll.In)
		if which == onStdin {
			events = 0
		} else if which != onExit { // our end alone: the child's is another open file description
			sys.Fcntl(int(fd.Fd), syscall.F_SETFL, syscall.O_NONBLOCK)
		}
		c.host.Loop.Add(int(fd.Fd), events, &end{c, which})
	}
}

// part takes a process out of the loop.
func (c *process) part() {
	c.owner = nil
	for _, fd := range []int{c.stdin, c.result, c.log[0], c.log[1], c.exit} {
		c.host.Loop.Remove(fd)
	}
}

// awaitRoom asks for feeds, or for no more of it.
func (c *process) awaitRoom(wanted bool) {
	events := uint32(0)
	if wanted {
		events = epoll.Out
	}
	c.host.Loop.Set(c.stdin, events)
}

// results is the result of a process when all events of a turn were seen to.
type results struct{ process *process }

// Ready implements epoll.Handler.
func (r *results) Ready(uint32) {
	if c := r.process; c.owner != nil && c.result >= 0 {
		c.owner.hears()
	}
}

// Ready implements epoll.Handler.
func (e *end) Ready(uint32) {
	c := e.process
	if c.owner == nil {
		return
	}
	switch e.which {
	case onResult: // after the logs
		c.host.Loop.Later(&c.hears)
	case onExit:
		c.owner.ends()
	case onStdin:
		c.owner.feeds()
	case onStdout:
		c.relayReady(Stdout)
	case onStderr:
		c.relayReady(Stderr)
	}
}

// relayReady relays the log of a process, unless nobody takes it: then the process waits, too.
func (c *process) relayReady(stream int) {
	if c.logged = c.host.Loop.Turn; c.paused[stream] {
		return
	}
	if fd := c.log[stream]; c.logs.full() {
		c.paused[stream] = true
		c.host.Loop.Set(fd, epoll.Once)
		c.logs.AfterDrain(func() {
			if c.paused[stream] = false; c.owner != nil && c.log[stream] == fd {
				c.host.Loop.Set(fd, epoll.In)
			}
		})
		return
	}
	if _, open := c.relayOnce(stream); !open {
		c.host.Loop.Close(&c.log[stream])
	}
}

// close closes a descriptor that may be in the loop.
func (h *Host) close(fd *int, inLoop bool) {
	if inLoop {
		h.Loop.Close(fd)
	} else {
		sys.Close(fd)
	}
}
