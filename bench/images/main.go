//go:build linux

// Images measures builds of images beside those of other programs, each pushed to a registry on this machine: cold, with
// nothing kept, warm, with nothing changed, and after a change of one line.
//
//	eval "$(ci/services)"                          # the registry and Docker
//	GOBIN=/tmp go install github.com/google/ko@v0.19.1
//	go run ./bench/images --ko /tmp/ko             # hello beside ko; scratch and bash beside docker build
//	go run ./bench/images --ko /tmp/ko --only hello --rounds 9
//
// hello is the seed's Go action for two platforms, ko's on the same base. ko is measured as it is after installation, and
// with KOCACHE, where it keeps programs as mkimage does. Docker has images that mkimage built as bases,
// and copies a ready program (scratch) or a script (bash) into them. Go's own build cache is kept, for all. The processor time of docker
// is that of its client and of the engine, in which nothing else may run meanwhile; memory is that of the largest
// process, for docker its client. Leave the machine alone meanwhile.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
)

// options are the command line.
type options struct {
	ko, docker, registry string
	only                 *regexp.Regexp // of the images
	rounds               int
	output               rounds.Output
}

// section is the part of a page that has the tables.
const section = "bench-images"

func main() {
	o := options{only: regexp.MustCompile("")}
	flag.StringVar(&o.ko, "ko", "", "`path` of a built ko; hello is left out without it")
	flag.StringVar(&o.docker, "docker", os.Getenv("DOCKER_HOST"), "`address` of a Docker Engine on this machine, unix:///PATH; scratch and bash are left out without it")
	flag.StringVar(&o.registry, "registry", os.Getenv("MKIMAGE_TEST_REGISTRY"), "`host:port` of a registry that anybody may push to")
	flag.Func("only", "measure the images whose name matches this `expression`, such as hello", func(text string) (err error) {
		o.only, err = regexp.Compile(text)
		return err
	})
	o.output.Flags(section)
	flag.IntVar(&o.rounds, "rounds", 5, "interleaved rounds")
	flag.Parse()
	if flag.NArg() > 0 || o.rounds < 1 {
		flag.Usage()
		os.Exit(2)
	}
	rounds.Command("images", func(ctx context.Context) error { return bench(ctx, o, os.Stdout, os.Stderr) })
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
	return errors.Join(o.output.Write(out, section, o.rounds, record, targets()), failed)
}

// targets are those of hello.
func targets() []report.Target {
	ratio := func(state string, limit float64) report.Target {
		at := func(server string) report.Point {
			return report.Point{Scenario: hello + ", " + state, Server: server, Figure: rounds.Elapsed}
		}
		return report.Target{Measure: "hello, " + state + ", elapsed ÷ ko", Point: at("mkimage"), Against: at("ko"), Limit: limit}
	}
	return []report.Target{ratio(warm, 0.6), ratio(changed, 0.6)}
}
