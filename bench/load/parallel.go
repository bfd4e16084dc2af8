//go:build linux

package load

import (
	"os"
	"syscall"
	"time"
)

// poller is a load on many connections: one thread, one epoll.
type poller struct {
	*run
	epoll int
	open  map[int32]*connection
}

// parallel keeps a request under way on each of the connections. The error says why the rest cannot be sent.
func (r *run) parallel() error {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return os.NewSyscallError("epoll_create1", err)
	}
	p := &poller{run: r, epoll: epoll, open: map[int32]*connection{}}
	defer p.closeAll()
	for range min(r.Connections, r.total) {
		if err := p.connect(); err != nil {
			return err
		}
	}
	return p.loop()
}

// loop serves the connections until every request's fate is known. Its error is the reason why it is not.
func (p *poller) loop() error {
	events := make([]syscall.EpollEvent, 256)
	progress, answered := time.Now(), p.answered()
	for p.answered() < p.total {
		if len(p.open) == 0 {
			return errClosed
		}
		n, err := syscall.EpollWait(p.epoll, events, 100)
		if err != nil && err != syscall.EINTR {
			return os.NewSyscallError("epoll_wait", err)
		}
		for _, event := range events[:max(n, 0)] {
			p.serve(event)
		}
		now := time.Now()
		if p.answered() != answered {
			progress, answered = now, p.answered()
		}
		if p.late(now) || now.Sub(progress) > p.Patience {
			return errLate
		}
	}
	return nil
}

// serve goes on with the connection that is ready.
func (p *poller) serve(event syscall.EpollEvent) {
	c := p.open[event.Fd]
	if c == nil {
		return
	}
	if len(c.unsent) > 0 && event.Events&syscall.EPOLLOUT != 0 {
		if err := c.push(); err != nil {
			p.replace(c, err)
			return
		}
		p.watch(syscall.EPOLL_CTL_MOD, c)
	}
	if event.Events&^syscall.EPOLLOUT == 0 {
		return
	}
	complete, err := c.pull()
	if err != nil {
		p.replace(c, err)
		return
	}
	if !complete {
		return
	}
	p.check(c)
	switch {
	case p.Each || c.response.head.close:
		p.drop(c)
		p.reconnect()
	case p.Sent < p.total:
		p.send(c)
	}
}

// connect opens one more connection and sends a request on it.
func (p *poller) connect() error {
	began := time.Now()
	fd, err := dial(p.to, p.Patience)
	if err != nil {
		return err
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		syscall.Close(fd)
		return os.NewSyscallError("fcntl", err)
	}
	c := &connection{fd: fd, polled: true, request: p.request.copy()}
	p.open[int32(fd)] = c
	p.watch(syscall.EPOLL_CTL_ADD, c)
	p.send(c)
	if p.Each {
		c.sent = began
	}
	return nil
}

// send starts the next request on c.
func (p *poller) send(c *connection) {
	p.Sent++
	p.id++
	if err := c.start(p.id); err != nil {
		p.replace(c, err)
		return
	}
	if len(c.unsent) > 0 {
		p.watch(syscall.EPOLL_CTL_MOD, c)
	}
}

// replace gives up c, whose request failed, and opens another connection.
func (p *poller) replace(c *connection, why error) {
	p.fail(why)
	p.drop(c)
	p.reconnect()
}

// reconnect opens a connection in place of a closed one. When the server takes
// none any more the others go on, and loop notices when the last one is gone.
func (p *poller) reconnect() {
	if p.Sent >= p.total {
		return
	}
	if err := p.connect(); err != nil {
		p.note(err.Error())
	}
}

// watch asks for what c waits for: an answer, and room while a request is unsent.
func (p *poller) watch(operation int, c *connection) {
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(c.fd)}
	if len(c.unsent) > 0 {
		event.Events |= syscall.EPOLLOUT
	}
	// It can fail only for a descriptor that is not ours, or for want of
	// memory; then the answer never comes, and loop says so.
	_ = syscall.EpollCtl(p.epoll, operation, c.fd, &event)
}

func (p *poller) drop(c *connection) {
	delete(p.open, int32(c.fd))
	c.close()
}

func (p *poller) closeAll() {
	for _, c := range p.open {
		c.close()
	}
	syscall.Close(p.epoll)
}
