package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"testing"

	"golang.org/x/sys/unix"
)

// onTerminal runs mkimage with a terminal for stdout and stderr, and returns what that was sent and the exit status.
func onTerminal(t *testing.T, program string, args ...string) (screen string, status int) {
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
