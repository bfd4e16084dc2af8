//go:build linux

package load

import (
	"syscall"
	"time"
)

// sequential sends one request after the other on one blocking connection, which is how the platform calls a container.
// A broken connection is replaced. The error says why the rest cannot be sent.
func (r *run) sequential() error {
	c := &connection{fd: -1, request: r.request.copy()}
	defer c.close()
	for r.Sent < r.total {
		if r.late(time.Now()) {
			return errLate
		}
		began := time.Now()
		if c.fd < 0 {
			fd, err := dial(r.to, r.Patience)
			if err != nil {
				return err
			}
			c.fd = fd
		}
		r.Sent++
		r.id++
		err := c.exchange(r.id)
		if r.Each {
			c.sent = began
		}
		if err != nil {
			r.fail(err)
			c.close()
			continue
		}
		r.check(c)
		if r.Each || c.response.head.close {
			c.close()
		}
	}
	return nil
}

// exchange sends a request and waits for its answer.
func (c *connection) exchange(id int) error {
	err := c.start(id)
	for complete := false; err == nil && !complete; {
		complete, err = c.pull()
	}
	return err
}

// close closes the socket, if it is open.
func (c *connection) close() {
	if c.fd >= 0 {
		syscall.Close(c.fd)
		c.fd = -1
	}
}
