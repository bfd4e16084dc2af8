//go:build linux

package native

import (
	"errors"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// maxOutput is how much of a compiler's output is kept, in bytes.
const maxOutput = 64 << 10

// Compile runs a program to its end and returns what it wrote on stdout and stderr together. It fails when the program
// cannot be started or exits with another status than 0.
func Compile(p Program, host *Host) (output []byte, err error) {
	return capture(p, host, -1)
}

// capture is Compile with a limit, after which the program is killed; a negative one means none.
func capture(p Program, host *Host, limit clock.Duration) (output []byte, err error) {
	r, w, err := sys.Pipe()
	if err != nil {
		return nil, err
	}
	defer sys.Close(&r)
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
	output, inTime := c.output(r, limit)
	c.reap()
	if reason := c.reason(); !inTime {
		err = errors.New("it did not end within " + limit.String())
	} else if reason != "exit status 0" {
		err = errors.New(reason)
	}
	return output, err
}

// output reads from r until the child ends, and kills it when the time is up.
func (c *process) output(r int, limit clock.Duration) (output []byte, inTime bool) {
	poll := c.polls()
	poll[onResult].Fd = int32(r)
	b := make([]byte, 4<<10)
	end := clock.In(limit)
	for ended := false; !ended; {
		left := limit
		if limit > 0 {
			left = end.Left()
		}
		if !poll.wait(left) {
			c.signal(syscall.SIGKILL)
			c.leaves(-1)
			return output, false
		}
		ended = poll.ready(onExit)
		for left := sys.Unread(r); left > 0; {
			n, _ := sys.Read(r, b)
			if n == 0 {
				break
			}
			left -= n
			output = append(output, b[:min(n, maxOutput-len(output))]...)
		}
		if poll[onResult].Revents&sys.PollHangup != 0 && sys.Unread(r) == 0 {
			poll[onResult].Fd = -1 // closed, with the program still running
		}
	}
	return output, true
}
