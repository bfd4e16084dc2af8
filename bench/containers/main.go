//go:build linux

// Containers repeats the seed's benchmark: it builds images with mkimage, starts them with Docker, and writes what it
// measures to bench/RESULTS.md. bench/run starts it, and says how.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/compile"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
)

// options are the command line.
type options struct {
	quick  bool
	rounds int
	limit  time.Duration // no further round begins that would end after it; 0: none
	only   *regexp.Regexp
	peers  []peer
	out    string
	output rounds.Output
}

// section is the part of a page that has the summary.
const section = "seed"

func main() {
	o := options{out: "bench/RESULTS.md", only: regexp.MustCompile("")}
	flag.BoolVar(&o.quick, "quick", false, "")
	flag.IntVar(&o.rounds, "rounds", 0, "")
	flag.Func("only", "", func(text string) (err error) { o.only, err = regexp.Compile(text); return err })
	flag.Func("peer", "", func(text string) error {
		p, err := parsePeer(text)
		o.peers = append(o.peers, p)
		return err
	})
	flag.StringVar(&o.out, "out", o.out, "")
	o.output.Flags(section)
	flag.Usage = func() { fmt.Fprintln(os.Stderr, "bench/run --help says what it takes") }
	flag.Parse()
	if flag.NArg() > 0 || o.rounds < 0 {
		flag.Usage()
		os.Exit(2)
	}
	if o.rounds == 0 {
		o.rounds, o.limit = 3, 12*time.Minute
		if o.quick {
			o.rounds, o.limit = 1, 0
		}
	}
	rounds.Command("bench/run", func(ctx context.Context) error { return run(ctx, o, os.Stderr) })
}

// run prepares, measures and reports. A contender that cannot be built or measured is an error after the report of the
// others.
func run(ctx context.Context, o options, progress io.Writer) error {
	began := time.Now()
	root, err := compile.Root(ctx)
	if err != nil {
		return err
	}
	registry := os.Getenv("MKIMAGE_TEST_REGISTRY")
	if registry == "" {
		return errors.New(`no registry: start one with eval "$(ci/services)"`)
	}
	e, err := engine.Connect(ctx)
	if err != nil {
		return err
	}
	defer e.Close()
	dir, err := os.MkdirTemp("", "bench-run-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	w := &workshop{root: root, dir: dir, registry: registry, engine: e, progress: progress, absent: map[string]error{}}
	defer w.leave()
	if err := w.prepare(ctx, o); err != nil {
		return err
	}
	prepared := time.Now()
	book := &rounds.Book{Record: &report.Record{}, Rounds: o.rounds, Progress: progress}
	m := &measurement{options: o, workshop: w, book: book, busy: loadAverage()}
	for round := range o.rounds {
		if spent := time.Since(prepared); o.limit > 0 && spent+spent/time.Duration(max(round, 1)) > o.limit {
			fmt.Fprintf(progress, "%d of %d rounds: another one would not end in time\n", round, o.rounds)
			m.rounds = round
			break
		}
		m.round(ctx, round)
	}
	m.conclude(ctx)
	r := results{measurement: m, began: began, preparing: prepared.Sub(began), measuring: time.Since(prepared)}
	if err := r.write(ctx); err != nil {
		return err
	}
	fmt.Fprintf(progress, "prepared in %s, measured in %s: %s\n", r.preparing.Round(time.Second), r.measuring.Round(time.Second), o.out)
	return book.Err()
}

// path returns a path within the module, which may be given from there.
func (w *workshop) path(name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(w.root, name)
}

// loadAverage returns what the kernel says about the last minute: how many processes wanted a processor.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	first, _, _ := strings.Cut(string(text), " ")
	return first
}
