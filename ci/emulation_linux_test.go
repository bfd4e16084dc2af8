package ci_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// emulation is a script that has the functions of ci/emulation.sh, as ci/services has them.
const emulation = `
set -euo pipefail
binfmt=/proc/sys/fs/binfmt_misc
state=$PWD
say() { echo "$*"; }
register() { printf ':%s:M::\\x7fELF\\x02\\x01\\x01\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x00\\x02\\x00\\xb7\\x00::%s:%s' "$1" "$(command -v qemu-aarch64-static)" "$2" >$binfmt/register; }
runs() { chroot $PWD /program 2>/dev/null || echo "not run"; }
entries() { (cd $binfmt && echo *); }
. "$OLDPWD/emulation.sh"
`

// TestEmulation has a kernel's table of emulators of its own, which Linux 6.7 and later give to every user namespace.
func TestEmulation(t *testing.T) {
	dir := t.TempDir()
	program := filepath.Join(dir, "program.go")
	if err := os.WriteFile(program, []byte("package main\n\nimport (\n\t\"fmt\"\n\t\"runtime\"\n)\n\nfunc main() { fmt.Println(runtime.GOARCH) }\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	build := exec.Command("go", "build", "-o", filepath.Join(dir, "program"), program)
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=arm64", "CGO_ENABLED=0")
	if text, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	if text, err := inNamespace(dir, "true").CombinedOutput(); err != nil {
		t.Skipf("no emulators of its own in a user namespace (root and Linux 6.7 give them): %v: %s", err, text)
	}
	if _, err := exec.LookPath("qemu-aarch64-static"); err != nil {
		t.Skip(err)
	}
	for _, test := range []struct{ name, script, want string }{
		{"nothing is registered", "emulation_works || runs; start_emulation; runs; entries", "not run arm64 mkimage-aarch64 register status"},
		{"it is registered already", "start_emulation; start_emulation; entries; stop_emulation; entries; runs", "mkimage-aarch64 register status emulation of linux/arm64 ended register status not run"},
		{"binfmt_misc is not mounted", "umount $binfmt; mount -t tmpfs none $binfmt; start_emulation; runs", "arm64"},
		{"somebody else has registered it", "register other F; start_emulation; runs; stop_emulation; entries", "arm64 other register status"},
		{"somebody else's is not for containers", "register other ''; runs; start_emulation; runs; stop_emulation; entries", "not run arm64 emulation of linux/arm64 ended other register status"},
		{"somebody else's is switched off", "register other F; echo 0 >$binfmt/other; start_emulation; runs; head -n 1 $binfmt/other", "arm64 disabled"},
		{"somebody else has the name", "start_emulation; rm emulator.registered; stop_emulation; runs", "arm64"},
		{"all are switched off", "echo 0 >$binfmt/status; start_emulation; cat $binfmt/status", "no emulation of linux/arm64: emulators are switched off in /proc/sys/fs/binfmt_misc/status disabled"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_ = os.Remove(filepath.Join(dir, "emulator.registered"))
			text, err := inNamespace(dir, test.script).CombinedOutput()
			if got := strings.Join(strings.Fields(string(text)), " "); err != nil || got != test.want {
				t.Errorf("%v\n got %s\nwant %s", err, got, test.want)
			}
		})
	}
}

// inNamespace returns a command that runs a script in a folder, in a namespace where no emulator is registered. Its
// registrations end with it.
func inNamespace(dir, script string) *exec.Cmd {
	command := exec.Command("bash", "-c", "mount -t binfmt_misc none /proc/sys/fs/binfmt_misc || exit; cd "+dir+";"+emulation+script)
	all := []syscall.SysProcIDMap{{Size: 1<<32 - 1}}
	command.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWUSER | syscall.CLONE_NEWNS, UidMappings: all, GidMappings: all, GidMappingsEnableSetgroups: true,
	}
	return command
}
