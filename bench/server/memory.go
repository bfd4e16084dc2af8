//go:build linux

package server

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
)

// Memory is the memory of a process, in bytes. Children do not count.
type Memory struct {
	Resident int64 // now
	Peak     int64 // the most since it started
}

// MemoryOf reads the kernel's figures of a process. Resident comes from smaps_rollup, which counts pages, because VmRSS
// of status lags behind by up to 64 pages per processor.
func MemoryOf(pid int) (Memory, error) {
	resident, err := readField(fmt.Sprintf("/proc/%d/smaps_rollup", pid), "Rss:")
	if err != nil {
		return Memory{}, err
	}
	peak, err := readField(fmt.Sprintf("/proc/%d/status", pid), "VmHWM:")
	if err != nil {
		return Memory{}, err
	}
	return Memory{Resident: resident, Peak: max(resident, peak)}, nil
}

func readField(path, name string) (int64, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return 0, err
	}
	n, err := kilobytes(content, name)
	if err != nil {
		return 0, fmt.Errorf("read %s: %w", path, err)
	}
	return n, nil
}

// kilobytes finds the line "NAME  123 kB" and returns its number in bytes.
func kilobytes(content []byte, name string) (int64, error) {
	for line := range bytes.Lines(content) {
		fields := bytes.Fields(line)
		if len(fields) != 3 || string(fields[0]) != name || string(fields[2]) != "kB" {
			continue
		}
		n, err := strconv.ParseInt(string(fields[1]), 10, 64)
		return n * 1024, err
	}
	return 0, fmt.Errorf("no %s", name)
}
