// Mkimage builds minimal container images for OpenWhisk actions.
//
// Digest references go to stdout, everything else to stderr. The exit status is 0, 1 when something failed, or 2 when
// the command line was wrong; verify has 3 for an image that cannot be verified. The commands are described in docs/cli.md.
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

func main() {
	log.SetOutput(io.Discard) // libraries log errors that they also return, in the middle of the display
	os.Exit(run(os.Args[1:], terminal.Guard(os.Stdout), terminal.Guard(os.Stderr), os.Stderr))
}

// run carries a command line out and returns the exit status. It ends after the first interrupt, as soon as the work
// under way can be left; the second interrupt kills. Failures are told to the writer failures.
func run(args []string, stdout, stderr, failures io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), endings()...)
	defer context.AfterFunc(ctx, stop)()
	defer stop()
	mode := progress.Auto // until the command line says otherwise
	root := newRoot(&mode)
	root.SetOut(stdout)
	root.SetErr(stderr)
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	var usage *usageError
	var answer *statusError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		report(failures, progress.None, err)
		return 2
	}
	status := 1
	if errors.As(err, &answer) {
		status = answer.status
	}
	if ctx.Err() != nil {
		err = errors.New("interrupted; nothing is half written")
	}
	report(failures, mode, err)
	return status
}

// endings returns the signals that ask for the end: also that of a terminal that is closed, unless nohup has it ignored.
func endings() []os.Signal {
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		signals = append(signals, syscall.SIGHUP)
	}
	return signals
}

func report(w io.Writer, mode progress.Mode, err error) {
	display := progress.New(w, mode)
	defer display.Close()
	display.Error(err)
}
