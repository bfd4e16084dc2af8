package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/v1/empty"
	ocilayout "github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"golang.org/x/sys/unix"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// onTerminal runs mkimage with a terminal for stdout and stderr, and returns what that was sent and the exit status.
func onTerminal(t *testing.T, program string, args ...string) (screen string, status int) {
	t.Helper()
	return onColumns(t, 0, program, args...)
}

// onColumns is [onTerminal] with a terminal of this width, or of an unknown one for 0.
func onColumns(t *testing.T, columns uint16, program string, args ...string) (screen string, status int) {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip("no terminal to be had here: ", err)
	}
	defer master.Close()
	number, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0)
	}
	if err != nil {
		t.Fatal(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(int(slave.Fd()), unix.TIOCSWINSZ, &unix.Winsize{Row: 25, Col: columns}); err != nil {
		t.Fatal(err)
	}
	var sent bytes.Buffer
	read := make(chan struct{})
	go func() {
		defer close(read)
		_, _ = io.Copy(&sent, master) // it ends with EIO when nobody has the terminal any more
	}()
	command := exec.CommandContext(t.Context(), program, args...)
	command.Stdout, command.Stderr = slave, slave
	err = command.Run()
	_ = slave.Close()
	<-read
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return sent.String(), exit.ExitCode()
	}
	if err != nil {
		t.Fatal(err)
	}
	return sent.String(), 0
}

// TestNarrowTerminal holds that lines fit into 40 columns, except for digests, which are never cut, and that only ASCII
// is written where the locale has no UTF-8.
func TestNarrowTerminal(t *testing.T) {
	t.Setenv("LC_ALL", "C")
	image, err := random.Image(3000, 2)
	if err != nil {
		t.Fatal(err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config = config.DeepCopy()
	config.OS, config.Architecture = "linux", "amd64"
	if image, err = mutate.ConfigFile(image, config); err != nil {
		t.Fatal(err)
	}
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: image})
	dir := t.TempDir()
	if _, err := ocilayout.Write(dir, index); err != nil {
		t.Fatal(err)
	}
	screen, status := onColumns(t, 40, testkit.Compile(t, "."), "inspect", dir)
	if status != 0 || !strings.Contains(screen, "LAYER") {
		t.Fatalf("exit status %d: %s", status, screen)
	}
	for line := range strings.Lines(screen) {
		line = strings.TrimRight(line, "\r\n")
		if terminal.Columns(line) > 40 && !strings.Contains(line, "sha256:") || strings.ContainsFunc(line, func(r rune) bool { return r > 0x7e }) {
			t.Errorf("%d columns: %s", terminal.Columns(line), line)
		}
	}
}
