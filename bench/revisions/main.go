//go:build linux

// Revisions compares two revisions of this repository on one machine, in interleaved rounds, and fails where the new one
// is slower. bench/check starts it, and says how.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/compile"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
)

// The exit statuses, besides 0.
const (
	isSlower   = 1
	wrongUse   = 2
	unmeasured = 3
)

// options are the command line.
type options struct {
	base, next string // revisions; a next one of "" is the working tree
	rounds     int
	divide     int // of the counts of requests
	json       string
}

func main() {
	if len(os.Args) > 2 && os.Args[1] == weighing {
		rounds.Command(weighing, func(ctx context.Context) error { return weighed(ctx, os.Args[2], os.Args[3:]...) })
	}
	o, err := parse(os.Args[1:])
	rounds.Command("bench/check", func(ctx context.Context) error {
		if err != nil {
			return rounds.With(wrongUse, err)
		}
		return check(ctx, o, os.Stdout, os.Stderr)
	})
}

// parse reads the command line. Flags may follow the revision.
func parse(args []string) (options, error) {
	var o options
	var quick bool
	set := flag.NewFlagSet("", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.StringVar(&o.next, "new", "", "")
	set.StringVar(&o.json, "json", "", "")
	set.IntVar(&o.rounds, "rounds", 0, "")
	set.BoolVar(&quick, "quick", false, "")
	var revisions []string
	for left := args; len(left) > 0 || revisions == nil; {
		if err := set.Parse(left); err != nil {
			return o, fmt.Errorf("%w: bench/check --help says what it takes", err)
		}
		if left = set.Args(); len(left) > 0 {
			revisions, left = append(revisions, left[0]), left[1:]
		} else {
			break
		}
	}
	if len(revisions) != 1 || revisions[0] == "" {
		return o, errors.New("name one revision to compare with, as in: bench/check HEAD~1 (bench/check --help says more)")
	}
	o.base, o.divide = revisions[0], 1
	usual := 15
	if quick {
		o.divide, usual = 3, 10
	}
	o.rounds = cmp.Or(o.rounds, usual)
	if o.rounds < leastRounds {
		return o, fmt.Errorf("--rounds %d: a verdict needs at least %d", o.rounds, leastRounds)
	}
	return o, nil
}

// check builds both revisions, measures them and says what is slower.
func check(ctx context.Context, o options, out, progress io.Writer) error {
	all, err := measureBoth(ctx, o, progress)
	if all == nil {
		return orUnmeasured(ctx, err)
	}
	if o.json != "" {
		err = errors.Join(err, report.WriteJSON(o.json, all))
	}
	err = errors.Join(all.write(out), all.err(), err)
	return orUnmeasured(ctx, err)
}

// orUnmeasured gives errors without a status that of what could not be measured.
func orUnmeasured(ctx context.Context, err error) error {
	var exit rounds.Exit
	if ctx.Err() != nil {
		return rounds.With(unmeasured, errors.New("interrupted"))
	}
	if errors.As(err, &exit) {
		return err
	}
	return rounds.With(unmeasured, err)
}

// measureBoth returns the results, and what could not be measured. Without results, nothing could.
func measureBoth(ctx context.Context, o options, progress io.Writer) (*results, error) {
	root, err := compile.Root(ctx)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "bench-check-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	base, err := checkout(ctx, root, filepath.Join(dir, "a"), o.base)
	if err != nil {
		return nil, err
	}
	next, err := checkout(ctx, root, filepath.Join(dir, "b"), o.next)
	if err != nil {
		return nil, err
	}
	for _, r := range []*revision{base, next} {
		fmt.Fprintln(progress, "build "+r.name)
		if err := r.build(ctx); err != nil {
			return nil, err
		}
	}
	programs, err := compileActions(ctx, root, dir)
	if err != nil {
		return nil, err
	}
	c, err := compare(ctx, dir, programs, base, next, o.divide)
	if err != nil {
		return nil, err
	}
	book := &rounds.Book{Record: &report.Record{}, Rounds: o.rounds, Progress: io.Discard}
	for round := range o.rounds {
		fmt.Fprintf(progress, "round %d of %d\n", round+1, o.rounds)
		if err := c.round(ctx, book, round); err != nil {
			return nil, err
		}
	}
	all := conclude(book.Record, c.measures, base, next, o.rounds)
	return &all, book.Err()
}
