//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
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
}

// ruby are the paths of the programs that Ruby runs.
type ruby struct {
	launcher string // of the stemcell
	function string // actions/ruby/function.rb
	process  string // actions/ruby/process.rb
}

// build compiles everything into dir, except for the proxies that are given. It is called within the module.
func build(ctx context.Context, dir, proxy, owgo string) (*binaries, error) {
	root, err := moduleRoot(ctx)
	if err != nil {
		return nil, err
	}
	b := &binaries{proxy: proxy, owgo: owgo, v1: map[string]string{}, v2: map[string]string{}, actionLoop: map[string]string{}, bare: map[string]string{}}
	var failures []error
	compile := func(name, pkg, variables string) string {
		to := filepath.Join(dir, name)
		failures = append(failures, goBuild(ctx, root, to, pkg, variables))
		return to
	}
	if proxy == "" {
		b.proxy = compile("proxy", "./proxy", "")
	}
	for _, work := range []string{"hello", "echo"} {
		does := " -X main.work=" + work
		b.v1[work] = compile("v1-"+work, "./bench/actions/loop", does)
		b.bare[work] = compile("bare-"+work, "./bench/bare/nethttp", does)
		if owgo != "" {
			b.actionLoop[work] = compile("actionloop-"+work, "./bench/actions/loop", does+" -X main.protocol=actionloop")
		}
	}
	b.v1["wait"] = compile("v1-wait", "./bench/actions/loop", " -X main.work=wait")
	for _, work := range []string{"hello", "wait", "stream"} {
		b.v2[work] = compile("v2-"+work, "./bench/actions/lines", " -X main.work="+work)
	}
	b.linked, b.process = compile("library", "./bench/actions/library", ""), compile("process", "./bench/actions/process", "")
	b.python, _ = exec.LookPath("python3")
	b.skeleton = filepath.Join(root, "bench/bare/skeleton/skeleton.py")
	if _, err := os.Stat(interpreter); err == nil {
		failures = append(failures, b.ruby.find(root, dir))
	}
	if cc, err := exec.LookPath("cc"); err == nil {
		b.once, b.spawn = filepath.Join(dir, "once"), filepath.Join(dir, "spawn")
		failures = append(failures,
			run(exec.CommandContext(ctx, cc, "-O2", "-static", "-s", "-o", b.once, filepath.Join(root, "bench/actions/once/once.c"))),
			run(exec.CommandContext(ctx, cc, "-O2", "-static", "-s", "-o", b.spawn, filepath.Join(root, "bench/bare/spawn/spawn.c"))))
	}
	return b, errors.Join(failures...)
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

// goBuild compiles a package the way that mkimage compiles the proxy.
func goBuild(ctx context.Context, root, to, pkg, variables string) error {
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w"+variables, "-o", to, pkg)
	command.Dir = root
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	return run(command)
}

// moduleRoot is the directory of the module that this program was started in.
func moduleRoot(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	file := strings.TrimSpace(string(out))
	if filepath.Base(file) != "go.mod" {
		return "", errors.New("find the module: start the benchmarks within it")
	}
	return filepath.Dir(file), nil
}

// run runs a compiler; its error is the compiler's.
func run(command *exec.Cmd) error {
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(command.Args, " "), err, out)
	}
	return nil
}
