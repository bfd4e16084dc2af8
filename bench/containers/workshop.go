//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/compile"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/jmeter"
)

// workshop makes programs and images, and knows which of them there are not.
type workshop struct {
	root, dir, registry string
	engine              *engine.Engine
	progress            io.Writer
	mkimage             string
	flask               string // the image of bench/bare/flask
	jmeter              *jmeter.JMeter
	absent              map[string]error // by the name of an image or program
	lent                []string         // images of peers that were pushed from layouts
}

// images are the shipped images, in the order of the tables; those on Alpine need its packages.
var images = []string{"scratch", "go", "hello", "alpine", "bash", "ruby", "python"}

// baked are images of our own yardsticks: the programs are baked into scratch, and started in place of the proxy.
var baked = []string{"nethttp", "limit"}

// ref returns the name of an image of the benchmark in the registry and in the engine.
func (w *workshop) ref(image string) string {
	return w.registry + "/mkimage-bench/" + image + ":latest"
}

// program returns the file of a compiled program.
func (w *workshop) program(name string) string { return filepath.Join(w.dir, name) }

// prepare makes everything. It fails only without what all needs.
func (w *workshop) prepare(ctx context.Context, o options) error {
	w.say("compile mkimage and the actions")
	w.mkimage = w.program("mkimage")
	if err := compile.Go(ctx, w.root, w.mkimage, "./cmd/mkimage", ""); err != nil {
		return err
	}
	for _, p := range []struct{ name, pkg, variables string }{
		{"v1", "./bench/actions/loop", ""},
		{"v2", "./bench/actions/lines", ""},
		{"actionloop", "./bench/actions/loop", " -X main.protocol=actionloop"},
		{"exec", "./bench/actions/library", ""},
		{"v0", "./bench/actions/process", ""},
		{"nethttp", "./bench/bare/nethttp", ""},
	} {
		if err := compile.Go(ctx, w.root, w.program(p.name), p.pkg, p.variables); err != nil {
			return err
		}
	}
	cc, err := exec.LookPath("cc")
	if err == nil {
		err = compile.C(ctx, cc, w.program("limit"), w.path("bench/bare/limit/limit.c"))
	}
	w.lack("limit", err)
	w.say("build the images")
	w.build(ctx)
	out, err := w.command(ctx, w.path("bench/bare/flask/image"))
	w.flask = strings.TrimSpace(out)
	w.lack("flask", err)
	for i := range o.peers {
		w.lack(o.peers[i].name, w.fetch(ctx, &o.peers[i]))
	}
	w.prepareJMeter(ctx)
	return ctx.Err()
}

func (w *workshop) prepareJMeter(ctx context.Context) {
	var err error
	if missing := jmeter.Missing(); len(missing) > 0 {
		err = errors.New("not installed: " + strings.Join(missing, " "))
	} else {
		w.jmeter, err = jmeter.New(ctx, w.root, w.dir)
	}
	w.lack("jmeter", err)
}

// build builds the images and pushes them to the registry, those on scratch before those that need Alpine's packages.
func (w *workshop) build(ctx context.Context) {
	for _, image := range images {
		w.lack(image, w.make(ctx, image, image))
	}
	for _, image := range baked {
		if w.absent[image] == nil {
			w.lack(image, w.make(ctx, "scratch", image, "--action", w.program(image)))
		}
	}
}

// make builds an image of a definition under another name.
func (w *workshop) make(ctx context.Context, definition, image string, more ...string) error {
	args := []string{"build", definition, "--platform", "linux/" + runtime.GOARCH, "--allow-over-budget", "--progress", "none",
		"--sbom", "none", "--attest", "none", "--size-record", w.program("sizes.json"), "-o", "type=registry,ref=" + w.ref(image)}
	_, err := w.command(ctx, w.mkimage, append(args, more...)...)
	return err
}

// command runs a program in the module's folder, and returns what it prints.
func (w *workshop) command(ctx context.Context, name string, args ...string) (string, error) {
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = w.root
	var failure strings.Builder
	command.Stderr = &failure
	out, err := command.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w: %s", filepath.Base(name), err, strings.TrimSpace(failure.String()))
	}
	return string(out), nil
}

// lack notes that something is not there, and says so.
func (w *workshop) lack(what string, err error) {
	if err != nil {
		w.absent[what] = err
		w.say("left out: " + what + ": " + err.Error())
	}
}

// err returns what is not there.
func (w *workshop) err() error {
	var all []error
	for _, what := range slices.Sorted(maps.Keys(w.absent)) {
		all = append(all, fmt.Errorf("left out: %s: %w", what, w.absent[what]))
	}
	return errors.Join(all...)
}

func (w *workshop) say(text string) { fmt.Fprintln(w.progress, text) }

// leave takes all images out of the engine that the benchmark has brought there, but for that of Flask, which takes long
// to make.
func (w *workshop) leave() {
	w.clean()
	for _, image := range w.lent {
		_ = w.engine.Forget(context.Background(), image) // it may not have come so far
	}
}

// clean takes the benchmark's own images out of the engine.
func (w *workshop) clean() {
	for _, image := range slices.Concat(images, baked) {
		if err := w.engine.Forget(context.Background(), w.ref(image)); err != nil {
			w.say(err.Error())
		}
	}
}
