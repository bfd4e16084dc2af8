//go:build linux

package native

import (
	"errors"
	"syscall"
)

// maxOutput is how much of a compiler's output is kept, in bytes.
const maxOutput = 64 << 10

// Compile runs a program to its end and returns what it wrote on stdout and
// stderr together. It fails when the program cannot be started or exits with
// another status than 0.
func Compile(p Program, host *Host) (output []byte, err error) {
	r, w, err := pipe()
	if err != nil {
		return nil, err
	}
	defer closeFd(&r)
	null, err := syscall.Open("/dev/null", syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		syscall.Close(w)
		return nil, err
	}
	c := &process{pid: -1, exit: -1, stdin: -1, result: -1, log: [2]int{-1, -1}, host: host}
	err = c.exec(p, []int{null, w, w})
	syscall.Close(null)
	syscall.Close(w)
	if err != nil {
		return nil, err
	}
	poll := c.polls()
	poll[onResult].fd = int32(r)
	b := make([]byte, 4<<10)
	for ended := false; !ended; {
		poll.wait(-1)
		ended = poll.ready(onExit)
		for left := unread(r); left > 0; {
			n := readFd(r, b)
			if n == 0 {
				break
			}
			left -= n
			output = append(output, b[:min(n, maxOutput-len(output))]...)
		}
		if poll[onResult].revents&pollHangup != 0 && unread(r) == 0 {
			poll[onResult].fd = -1 // closed, with the program still running
		}
	}
	c.reap()
	if reason := c.reason(); reason != "exit status 0" {
		return output, errors.New(reason)
	}
	return output, nil
}
