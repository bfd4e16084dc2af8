//go:build linux

package server

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ProcessorOf returns the processor time of a process and of its children that have ended. That of the process is exact,
// that of the children comes in ticks.
func ProcessorOf(pid int) (time.Duration, error) {
	const scheduler = 2 // CPUCLOCK_SCHED, as clock_getcpuclockid(3) makes the number of a clock
	var own unix.Timespec
	if err := unix.ClockGettime(int32(^pid<<3|scheduler), &own); err != nil {
		return 0, fmt.Errorf("read the processor time of process %d: %w", pid, err)
	}
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, fmt.Errorf("read the processor time of process %d: %w", pid, err)
	}
	children, err := ofChildren(string(text))
	if err != nil {
		return 0, fmt.Errorf("read the processor time of process %d: %w", pid, err)
	}
	return time.Duration(own.Nano()) + children, nil
}

// tick is the unit of times in /proc (proc_pid_stat(5)), which is the same on every Linux.
const tick = time.Second / 100

// ofChildren adds up cutime and cstime, which are fields 16 and 17; the name in field 2 may have spaces.
func ofChildren(stat string) (time.Duration, error) {
	fields := strings.Fields(stat[strings.LastIndex(stat, ")")+1:])
	if len(fields) < 15 {
		return 0, fmt.Errorf("no times in %q", stat)
	}
	var sum time.Duration
	for _, field := range fields[13:15] {
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return 0, err
		}
		sum += time.Duration(n) * tick
	}
	return sum, nil
}
