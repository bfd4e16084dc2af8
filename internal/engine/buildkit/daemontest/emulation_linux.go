package daemontest

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
)

// NeedEmulation skips a test without builders on this machine that run programs of both platforms. ci/services provides
// them on amd64.
func NeedEmulation(t *testing.T) {
	t.Helper()
	if platforms := os.Getenv("MKIMAGE_TEST_BUILDKIT_PLATFORMS"); strings.Contains(platforms, "linux/amd64") && strings.Contains(platforms, "linux/arm64") {
		return
	}
	if _, err := os.Stat("/proc/sys/fs/binfmt_misc"); err == nil && runtime.GOARCH == "amd64" && os.Getuid() == 0 && os.Getenv("CI") == "true" {
		t.Fatal("no builder runs programs of linux/arm64: ci/services registers QEMU, and sets $MKIMAGE_TEST_BUILDKIT_PLATFORMS")
	}
	t.Skip("no builder runs programs of linux/amd64 and linux/arm64: ci/services registers QEMU, as root on Linux with binfmt_misc")
}

// StartWithoutEmulation starts a daemon that runs only programs of this machine's kind. It is in a user namespace,
// which has its own emulators since Linux 6.7: none.
func StartWithoutEmulation(t *testing.T, flags ...string) *Daemon {
	t.Helper()
	// runc cannot set control groups there.
	runc := filepath.Join(t.TempDir(), "runc")
	if err := os.WriteFile(runc, []byte("#!/bin/sh\nexec runc --rootless=true \"$@\"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return StartWithoutRights(t, append([]string{"--oci-worker-binary", runc}, flags...)...)
}

// StartWithoutRights starts a daemon that cannot run any program: it may not set control groups.
func StartWithoutRights(t *testing.T, flags ...string) *Daemon {
	t.Helper()
	const mount = "mount -t binfmt_misc none /proc/sys/fs/binfmt_misc"
	all := []syscall.SysProcIDMap{{Size: 1<<32 - 1}}
	own := syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS, UidMappings: all, GidMappings: all, GidMappingsEnableSetgroups: true}
	try := exec.Command("sh", "-c", mount)
	try.SysProcAttr = &own
	if text, err := try.CombinedOutput(); err != nil {
		t.Skipf("a user namespace does not have its own emulators, as with Linux 6.7 and for root: %v: %s", err, text)
	}
	flags = append([]string{"--oci-worker-snapshotter=native"}, flags...) // overlayfs is not for user namespaces of every kernel
	return start(t, t.TempDir(), mount+" && exec", own, flags...)
}
