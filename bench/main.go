//go:build linux

// Bench measures the proxy beside other servers, and prints the targets with what was measured:
//
//	go run ./bench                          # against a bare net/http server: half of the table
//	go run ./bench --owgo ../owgo/proxy     # and against a built openwhisk-runtime-go
//	go run ./bench --owgo … --quick         # a tenth of the requests, for a first look
//
// It builds what it needs, starts every server afresh on the loopback interface (openwhisk-runtime-go always takes port
// 8080), and keeps no more than one running. See docs/performance.md for how to read the figures.
package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
)

// options are the command line.
type options struct {
	owgo   string
	proxy  string
	json   string
	page   string
	only   string
	rounds int
	divide int // of the counts of requests
}

func main() {
	var o options
	var quick bool
	flag.StringVar(&o.owgo, "owgo", "", "`path` of a built openwhisk-runtime-go proxy to compare with")
	flag.StringVar(&o.proxy, "proxy", "", "`path` of a built proxy to measure, instead of one built from ./proxy")
	flag.StringVar(&o.json, "json", "", "also write every round's figures to this `file`")
	flag.StringVar(&o.page, "page", "", "also put the tables into this markdown `file`, between its bench comments")
	flag.StringVar(&o.only, "only", "", "measure the scenarios whose name matches this `expression`")
	flag.IntVar(&o.rounds, "rounds", 5, "interleaved rounds")
	flag.BoolVar(&quick, "quick", false, "send a tenth of the requests")
	flag.Parse()
	if flag.NArg() > 0 || o.rounds < 1 {
		flag.Usage()
		os.Exit(2)
	}
	o.divide = 1
	if quick {
		o.divide = 10
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := bench(ctx, o, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// bench builds, measures and reports. Missed targets are no error; a scenario
// that could not be measured is, after the report of the others.
func bench(ctx context.Context, o options, out, progress io.Writer) error {
	wanted, err := regexp.Compile(o.only)
	if err != nil {
		return fmt.Errorf("flag -only: %w", err)
	}
	if o.owgo, err = absolute(o.owgo); err != nil {
		return err
	}
	if o.proxy, err = absolute(o.proxy); err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench-build-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	fmt.Fprintln(progress, "build")
	b, err := build(ctx, dir, o.proxy, o.owgo)
	if err != nil {
		return err
	}
	if b.once == "" {
		fmt.Fprintln(progress, "no C compiler: leave out", perRun)
	}
	if b.ruby.launcher == "" {
		fmt.Fprintln(progress, "no "+interpreter+": leave out", rubyRuns)
	}
	s, err := newServers(b)
	if err != nil {
		return err
	}
	all := slices.DeleteFunc(scenarios(b, s, o.divide), func(s rounds.Scenario) bool { return !wanted.MatchString(s.Name) })
	record, failed := rounds.Measure(ctx, all, o.rounds, progress)
	return errors.Join(write(record, o, out), failed)
}

// write reports the record as markdown, and to the files that are named for it.
func write(record *report.Record, o options, out io.Writer) error {
	var text bytes.Buffer
	fmt.Fprintf(&text, "Interleaved rounds: %d. Machine: %s. Compiler: %s.\n\n", o.rounds, rounds.Machine(), runtime.Version())
	err := report.Markdown(&text, record, targets())
	if err != nil {
		return err
	}
	if o.page != "" {
		err = report.UpdatePage(o.page, "bench", text.Bytes())
	}
	if o.json != "" {
		err = errors.Join(err, writeJSON(o.json, record))
	}
	_, failed := out.Write(text.Bytes())
	return errors.Join(err, failed)
}

func writeJSON(path string, record *report.Record) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(report.JSON(file, record, targets()), file.Close())
}

// absolute makes the path of an executable independent of the directory it is started in. The empty path stays empty.
func absolute(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	if _, err := os.Stat(path); err != nil {
		return "", fmt.Errorf("server to measure: %w", err)
	}
	return filepath.Abs(path)
}
