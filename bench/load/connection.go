//go:build linux

package load

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"syscall"
	"time"
)

// Errors of a request that got no answer.
var (
	errClosed = errors.New("the server closed the connection without a complete answer")
	errLate   = errors.New("no answer in time")
)

// address is an IPv4 address and port as the kernel wants it.
type address = syscall.SockaddrInet4

func parseAddress(s string) (address, error) {
	a, err := netip.ParseAddrPort(s)
	if err != nil || !a.Addr().Is4() {
		return address{}, fmt.Errorf("address %q is not an IPv4 address and port", s)
	}
	return address{Port: int(a.Port()), Addr: a.Addr().As4()}, nil
}

// connection is a client's end: one request under way at a time.
type connection struct {
	fd       int
	polled   bool    // the socket does not block: epoll says when it is ready
	request  request // its own copy
	unsent   []byte  // rest of request that the socket did not take yet
	sent     time.Time
	response response
}

// dial connects and sets the time limit of blocking reads and writes.
func dial(to address, patience time.Duration) (int, error) {
	for {
		fd, err := dialOnce(to, patience)
		if !errors.Is(err, syscall.EINTR) { // by a signal of Go's runtime
			return fd, err
		}
	}
}

func dialOnce(to address, patience time.Duration) (int, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, os.NewSyscallError("socket", err)
	}
	limit := syscall.NsecToTimeval(int64(patience))
	err = errors.Join(
		syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1),
		syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &limit),
		syscall.SetsockoptTimeval(fd, syscall.SOL_SOCKET, syscall.SO_SNDTIMEO, &limit),
	)
	if err == nil {
		err = os.NewSyscallError("connect", syscall.Connect(fd, &to))
	}
	if err != nil {
		syscall.Close(fd)
		return -1, err
	}
	return fd, nil
}

// start takes the next request and sends as much of it as the socket takes.
func (c *connection) start(id int) error {
	c.request.setID(id)
	c.response.reset()
	c.unsent = c.request.bytes
	c.sent = time.Now()
	return c.push()
}

// push sends more of the request: all of it on a blocking socket, else what fits.
func (c *connection) push() error {
	for len(c.unsent) > 0 {
		n, err := syscall.Write(c.fd, c.unsent)
		switch {
		case err == syscall.EINTR:
		case err == syscall.EAGAIN && c.polled:
			return nil
		case err == syscall.EAGAIN:
			return errLate
		case err != nil:
			return os.NewSyscallError("write", err)
		default:
			c.unsent = c.unsent[n:]
		}
	}
	return nil
}

// pull reads once and tells whether the answer is complete.
func (c *connection) pull() (complete bool, err error) {
	n, err := syscall.Read(c.fd, c.response.room())
	switch {
	case err == syscall.EINTR, err == syscall.EAGAIN && c.polled:
		return false, nil
	case err == syscall.EAGAIN:
		return false, errLate
	case err != nil:
		return false, os.NewSyscallError("read", err)
	case n == 0:
		return false, errClosed
	}
	return c.response.add(n)
}
