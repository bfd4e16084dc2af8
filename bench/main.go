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
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
)

// options are the command line.
type options struct {
	owgo   string
	proxy  string
	only   string
	rounds int
	divide int // of the counts of requests
	output rounds.Output
}

// section is the part of a page that has the tables.
const section = "bench"

func main() {
	var o options
	var quick bool
	flag.StringVar(&o.owgo, "owgo", "", "`path` of a built openwhisk-runtime-go proxy to compare with")
	flag.StringVar(&o.proxy, "proxy", "", "`path` of a built proxy to measure, instead of one built from ./proxy")
	o.output.Flags(section)
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
	rounds.Command("bench", func(ctx context.Context) error { return bench(ctx, o, os.Stdout, os.Stderr) })
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
	return errors.Join(o.output.Write(out, section, o.rounds, record, targets()), failed)
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
