//go:build linux

// Images measures builds of images beside those of other programs, each pushed to a registry on this machine: cold, with
// nothing kept, warm, with nothing changed, and after a change of one line.
//
//	eval "$(ci/services)"                          # the registry and Docker
//	GOBIN=/tmp go install github.com/google/ko@v0.19.1
//	go run ./bench/images --ko /tmp/ko             # hello beside ko; scratch and bash beside docker build
//
// hello is the seed's Go action for two platforms, ko's on the same base. Docker has images that mkimage built as bases,
// and copies a ready program (scratch) or a script (bash) into them. Go's own build cache is kept, for all. The processor time of docker
// is that of its client and of the engine, in which nothing else may run meanwhile; memory is that of the largest
// process, for docker its client. Leave the machine alone meanwhile.
package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
)

// options are the command line.
type options struct {
	ko, docker, registry, json, page string
	rounds                           int
}

func main() {
	var o options
	flag.StringVar(&o.ko, "ko", "", "`path` of a built ko; hello is left out without it")
	flag.StringVar(&o.docker, "docker", os.Getenv("DOCKER_HOST"), "`address` of a Docker Engine on this machine, unix:///PATH; scratch and bash are left out without it")
	flag.StringVar(&o.registry, "registry", os.Getenv("MKIMAGE_TEST_REGISTRY"), "`host:port` of a registry that anybody may push to")
	flag.StringVar(&o.json, "json", "", "also write every round's figures to this `file`")
	flag.StringVar(&o.page, "page", "", "also put the tables into this markdown `file`, between its bench-images comments")
	flag.IntVar(&o.rounds, "rounds", 5, "interleaved rounds")
	flag.Parse()
	if flag.NArg() > 0 || o.rounds < 1 {
		flag.Usage()
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := bench(ctx, o, os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "images:", err)
		stop()
		os.Exit(1)
	}
}

// bench prepares, measures and reports. Missed targets are no error.
func bench(ctx context.Context, o options, out, progress io.Writer) error {
	if o.registry == "" {
		return errors.New(`there is no registry to push to: start one with eval "$(ci/services)", or name it with --registry`)
	}
	dir, err := os.MkdirTemp("", "bench-images-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	counter, err := newCounter(o.registry)
	if err != nil {
		return err
	}
	defer counter.close()
	fmt.Fprintln(progress, "build mkimage and the bases")
	w, err := newWorkshop(ctx, dir, counter, o)
	defer w.clean()
	if err != nil {
		return err
	}
	record, failed := rounds.Measure(ctx, w.scenarios(ctx), o.rounds, progress)
	return cmp.Or(write(record, o, out), failed)
}

// targets are those of hello.
func targets() []report.Target {
	ratio := func(state string, limit float64) report.Target {
		at := func(server string) report.Point {
			return report.Point{Scenario: hello + ", " + state, Server: server, Figure: elapsed}
		}
		return report.Target{Measure: "hello, " + state + ", elapsed ÷ ko", Point: at("mkimage"), Against: at("ko"), Limit: limit}
	}
	return []report.Target{ratio(warm, 0.6), ratio(changed, 0.6)}
}

func write(record *report.Record, o options, out io.Writer) error {
	var text bytes.Buffer
	fmt.Fprintf(&text, "Interleaved rounds: %d. Machine: %s. Compiler: %s.\n\n", o.rounds, rounds.Machine(), runtime.Version())
	if err := report.Markdown(&text, record, targets()); err != nil {
		return err
	}
	if o.page != "" {
		if err := report.UpdatePage(o.page, "bench-images", text.Bytes()); err != nil {
			return err
		}
	}
	if o.json != "" {
		var all bytes.Buffer
		if err := cmp.Or(report.JSON(&all, record, targets()), os.WriteFile(filepath.Clean(o.json), all.Bytes(), 0o644)); err != nil {
			return err
		}
	}
	_, err := out.Write(text.Bytes())
	return err
}
