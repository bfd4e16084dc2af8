package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
)

// world is what is built.
type world struct {
	name     string
	packages []string // beside those of mkimage's base
}

func worlds() []world {
	return []world{{"base", nil}, {"languages", []string{"bash", "jq", "ruby"}}}
}

// basePackages are those that mkimage takes for base alpine.
func basePackages() []string {
	return []string{"alpine-baselayout", "alpine-release", "busybox", "ca-certificates-bundle", "musl"}
}

// compare builds every world with both, and reports times, sizes and differences.
func compare(ctx context.Context, o options, out io.Writer) error {
	dir, err := os.MkdirTemp("", "apko-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if o.mkimage == "" {
		o.mkimage = filepath.Join(dir, "mkimage")
		if err := compile(ctx, o.mkimage, "./cmd/mkimage", runtime.GOARCH); err != nil {
			return err
		}
	}
	o.proxy = filepath.Join(dir, "proxy")
	if err := compile(ctx, o.proxy, "./proxy", "amd64"); err != nil {
		return err
	}
	server := httptest.NewServer(mirror(o.mirror))
	defer server.Close()
	var failures []error
	for _, w := range worlds() {
		b, err := newBench(o, w, server.URL, filepath.Join(dir, w.name))
		if err != nil {
			return err
		}
		if err := b.rounds(ctx, o.rounds, out); err != nil {
			return err
		}
		failures = append(failures, b.differences(out))
	}
	return errors.Join(failures...)
}

// compile compiles a program of the module that this folder is in, as it is shipped.
func compile(ctx context.Context, to, pkg, arch string) error {
	command := exec.CommandContext(ctx, "go", "build", "-C", "../..", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", to, pkg)
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if text, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("compile %s: %w\n%s", pkg, err, text)
	}
	return nil
}

// differences compares the last images of both.
func (b *bench) differences(out io.Writer) error {
	ours, err := readLayout(b.ours.layout())
	if err != nil {
		return err
	}
	theirs, err := readLayout(b.apko.layout())
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "\n%-9s %9s %13s\n", "", "files", "compressed")
	fmt.Fprintf(out, "%-9s %9d %13d (the layer of the proxy left out)\n", "mkimage", len(ours.files), ours.compressed)
	fmt.Fprintf(out, "%-9s %9d %13d\n\n", "apko", len(theirs.files), theirs.compressed)
	return report(out, ours, theirs)
}
