//go:build linux

package load

import (
	"errors"
	"fmt"
	"syscall"
	"time"
)

// pollEvery is how long Post waits between two attempts to connect. It bounds
// how late the listening of a server is noticed.
const pollEvery = 100 * time.Microsecond

// Answer is the answer to one Post.
type Answer struct {
	Status int
	Body   []byte
}

// Post sends one request on a connection of its own. While the port refuses connections it tries again, for as long as
// patience, which is also the longest time that the answer may take.
func Post(to, path string, body []byte, patience time.Duration) (Answer, error) {
	target, err := parseAddress(to)
	if err != nil {
		return Answer{}, err
	}
	c := &connection{request: request{bytes: postOf(to, path, body)}}
	if c.fd, err = dialWhenOpen(target, patience); err != nil {
		return Answer{}, fmt.Errorf("connect to %s: %w", to, err)
	}
	defer c.close()
	c.unsent = c.request.bytes
	err = c.push()
	for complete := false; err == nil && !complete; {
		complete, err = c.pull()
	}
	if err != nil {
		return Answer{}, fmt.Errorf("post %s%s: %w", to, path, err)
	}
	return Answer{Status: c.response.head.status, Body: c.response.content()}, nil
}

// WaitOpen waits until the port takes connections.
func WaitOpen(to string, patience time.Duration) error {
	target, err := parseAddress(to)
	if err != nil {
		return err
	}
	fd, err := dialWhenOpen(target, patience)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", to, err)
	}
	return syscall.Close(fd)
}

func dialWhenOpen(to address, patience time.Duration) (int, error) {
	for until := time.Now().Add(patience); ; {
		fd, err := dial(to, patience)
		if err == nil || !errors.Is(err, syscall.ECONNREFUSED) || time.Now().After(until) {
			return fd, err
		}
		// time.Sleep would round up to a millisecond of the network poller.
		pause := syscall.NsecToTimespec(int64(pollEvery))
		_ = syscall.Nanosleep(&pause, nil)
	}
}
