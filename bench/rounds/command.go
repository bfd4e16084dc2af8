//go:build linux

package rounds

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Exit is an error that ends a command with a status of its own.
type Exit struct {
	Status int
	error
}

// Unwrap returns the error itself.
func (e Exit) Unwrap() error { return e.error }

// With gives an error a status; nil stays nil.
func With(status int, err error) error {
	if err == nil {
		return nil
	}
	return Exit{status, err}
}

// Command does the work of a command and ends the program: with status 0, or with the error, each line after the
// command's name, and its status: 1 unless it is an Exit. The work's context ends with an interrupt and with SIGTERM.
func Command(name string, work func(context.Context) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := work(ctx)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %s\n", name, strings.ReplaceAll(err.Error(), "\n", "\n"+name+": "))
	}
	os.Exit(status(err))
}

func status(err error) int {
	var exit Exit
	switch {
	case err == nil:
		return 0
	case errors.As(err, &exit):
		return exit.Status
	}
	return 1
}
