//go:build linux

package rounds

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"time"
)

// Names of the figures of a command.
const (
	Elapsed = "elapsed s"
	Used    = "processor s"
)

// Cost is what commands took together.
type Cost struct {
	Elapsed, Processor time.Duration
	Memory             int64 // of the largest process, in bytes
}

// CostOf runs commands, one after the other.
func CostOf(commands ...*exec.Cmd) (Cost, error) {
	var c Cost
	began := time.Now()
	for _, command := range commands {
		var said bytes.Buffer
		command.Stdout, command.Stderr = &said, &said
		if err := command.Run(); err != nil {
			return c, fmt.Errorf("%s: %w\n%s", strings.Join(command.Args, " "), err, &said)
		}
		c.Processor += command.ProcessState.UserTime() + command.ProcessState.SystemTime()
		if usage, ok := command.ProcessState.SysUsage().(*syscall.Rusage); ok {
			c.Memory = max(c.Memory, usage.Maxrss*1024)
		}
	}
	c.Elapsed = time.Since(began)
	return c, nil
}

// Figures returns seconds and millions of bytes.
func (c Cost) Figures() []Figure {
	return []Figure{{Elapsed, c.Elapsed.Seconds()}, {Used, c.Processor.Seconds()}, {Memory, Megabytes(c.Memory)}}
}
