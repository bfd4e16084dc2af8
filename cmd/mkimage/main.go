// Mkimage builds minimal container images for OpenWhisk actions.
//
// Digest references go to stdout, everything else to stderr. The exit status is 0, 1 when something failed, or 2 when
// the command line was wrong. The commands are described in docs/cli.md.
package main

import (
	"context"
	"errors"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

func main() { os.Exit(run()) }

// run ends after the first interrupt, as soon as the work under way can be left; the second interrupt kills.
func run() int {
	log.SetOutput(io.Discard) // libraries log errors that they also return, in the middle of the display
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer context.AfterFunc(ctx, stop)()
	defer stop()
	mode := progress.Auto // until the command line says otherwise
	root := newRoot(&mode)
	root.SetOut(terminal.Guard(os.Stdout))
	root.SetErr(terminal.Guard(os.Stderr))
	err := root.ExecuteContext(ctx)
	var usage *usageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		report(progress.None, err)
		return 2
	case ctx.Err() != nil:
		err = errors.New("interrupted; nothing is half written")
	}
	report(mode, err)
	return 1
}

func report(mode progress.Mode, err error) {
	display := progress.New(os.Stderr, mode)
	defer display.Close()
	display.Error(err)
}
