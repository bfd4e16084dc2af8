//go:build linux

package rounds

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Command does the work of a command and ends the program: with status 0, or with 1 and the error, each line after the
// command's name. The work's context ends with an interrupt and with SIGTERM.
func Command(name string, work func(context.Context) error) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := work(ctx)
	stop()
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s: %s\n", name, strings.ReplaceAll(err.Error(), "\n", "\n"+name+": "))
		os.Exit(1)
	}
	os.Exit(0)
}
