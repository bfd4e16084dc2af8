//go:build linux

package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	source "github.com/sciabarracom/openwhisk-runtime-go"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/compile"
	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
)

// binaries are the paths of the programs that the benchmarks run.
type binaries struct {
	proxy      string
	owgo       string            // a peer's proxy, "" for none
	v1         map[string]string // actions/loop by work: "hello", "echo", "wait"
	v2         map[string]string // actions/lines by work: "hello", "wait", "stream"
	actionLoop map[string]string // the same for a peer
	bare       map[string]string // bare/nethttp by work
	linked     string            // actions/library
	process    string            // actions/process
	python     string            // "" where there is none
	skeleton   string            // bare/skeleton
	ruby       ruby              // "" where there is no Ruby
	once       string            // a static C program, "" without a C compiler
	spawn      string            // "" without a C compiler
	limit      string            // bare/limit, "" without a C compiler
}

// ruby are the paths of the programs that Ruby runs.
type ruby struct {
	launcher string // of the stemcell
	function string // actions/ruby/function.rb
	process  string // actions/ruby/process.rb
}

// build compiles everything into dir, except for the proxies that are given. It is called within the module.
func build(ctx context.Context, dir, proxy, owgo string) (*binaries, error) {
	root, err := compile.Root(ctx)
	if err != nil {
		return nil, err
	}
	b := &binaries{proxy: proxy, owgo: owgo, v1: map[string]string{}, v2: map[string]string{}, actionLoop: map[string]string{}, bare: map[string]string{}}
	var failures []error
	goProgram := func(name, pkg, variables string) string {
		to := filepath.Join(dir, name)
		failures = append(failures, compile.Go(ctx, root, to, pkg, variables))
		return to
	}
	if proxy == "" {
		b.proxy = filepath.Join(dir, "proxy")
		failures = append(failures, shipped(ctx, b.proxy))
	}
	for _, work := range []string{"hello", "echo"} {
		does := " -X main.work=" + work
		b.v1[work] = goProgram("v1-"+work, "./bench/actions/loop", does)
		b.bare[work] = goProgram("bare-"+work, "./bench/bare/nethttp", does)
		if owgo != "" {
			b.actionLoop[work] = goProgram("actionloop-"+work, "./bench/actions/loop", does+" -X main.protocol=actionloop")
		}
	}
	b.v1["wait"] = goProgram("v1-wait", "./bench/actions/loop", " -X main.work=wait")
	for _, work := range []string{"hello", "wait", "stream"} {
		b.v2[work] = goProgram("v2-"+work, "./bench/actions/lines", " -X main.work="+work)
	}
	b.linked, b.process = goProgram("library", "./bench/actions/library", ""), goProgram("process", "./bench/actions/process", "")
	b.python, _ = exec.LookPath("python3")
	b.skeleton = filepath.Join(root, "bench/bare/skeleton/skeleton.py")
	if _, err := os.Stat(interpreter); err == nil {
		failures = append(failures, b.ruby.find(root, dir))
	}
	if cc, err := exec.LookPath("cc"); err == nil {
		b.once, b.spawn, b.limit = filepath.Join(dir, "once"), filepath.Join(dir, "spawn"), filepath.Join(dir, "limit")
		failures = append(failures,
			compile.C(ctx, cc, b.once, filepath.Join(root, "bench/actions/once/once.c")),
			compile.C(ctx, cc, b.spawn, filepath.Join(root, "bench/bare/spawn/spawn.c")),
			compile.C(ctx, cc, b.limit, filepath.Join(root, "bench/bare/limit/limit.c")))
	}
	return b, errors.Join(failures...)
}

// shipped writes the proxy as mkimage compiles it for images, smaller than go build does.
func shipped(ctx context.Context, to string) error {
	module, err := gobuild.Open(source.Files(), cache.Dir{})
	if err != nil {
		return err
	}
	program, err := module.Proxy(ctx, images.PlatformOf("linux", runtime.GOARCH, ""))
	if err != nil {
		return err
	}
	return os.WriteFile(to, program, 0o755)
}

// interpreter is the path in the first lines of the launcher and of actions/ruby.
const interpreter = "/usr/bin/ruby"

// find sets the paths. The launcher is copied to where it may be executed, as it is in an image.
func (r *ruby) find(root, dir string) error {
	r.function = filepath.Join(root, "bench/actions/ruby/function.rb")
	r.process = filepath.Join(root, "bench/actions/ruby/process.rb")
	r.launcher = filepath.Join(dir, "launcher.rb")
	text, err := os.ReadFile(filepath.Join(root, "stemcells/ruby/launcher.rb"))
	if err != nil {
		return err
	}
	return os.WriteFile(r.launcher, text, 0o755)
}
