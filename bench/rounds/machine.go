//go:build linux

package rounds

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// Machine describes this machine: "linux/amd64, 2 processors, Linux 6.18.44".
func Machine() string {
	return fmt.Sprintf("%s/%s, %d processors, Linux %s", runtime.GOOS, runtime.GOARCH, runtime.NumCPU(), kernel())
}

// kernel is the version of the running kernel, without a distribution's suffix.
func kernel() string {
	release, err := os.ReadFile("/proc/sys/kernel/osrelease")
	if err != nil {
		return "of unknown version"
	}
	version, _, _ := strings.Cut(strings.TrimSpace(string(release)), "-")
	return version
}
