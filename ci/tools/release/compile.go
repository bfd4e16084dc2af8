package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"

	source "github.com/sciabarracom/openwhisk-runtime-go"
	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild/carried"
)

// stamps is the package that the linker writes version and commit into.
const stamps = "github.com/sciabarracom/openwhisk-runtime-go/internal/release"

// packProxies compiles the proxy for every platform of images into the folder that mkimage carries.
func (r *release) packProxies(ctx context.Context) error {
	module, err := gobuild.Open(source.Files(), cache.Dir{})
	if err != nil {
		return err
	}
	dir := filepath.Join(r.root, "internal", "gobuild", "carried", "programs")
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	for _, platform := range images.Platforms() {
		program, err := module.Proxy(ctx, platform)
		if err != nil {
			return err
		}
		name, content, err := carried.Pack(module.ProxyKey(platform), program)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o666); err != nil {
			return err
		}
	}
	return nil
}

// compile returns mkimage for a system.
func (r *release) compile(ctx context.Context, t target) ([]byte, error) {
	output := filepath.Join(r.root, "dist", t.os+"-"+t.arch, "mkimage")
	ldflags := fmt.Sprintf("-s -w -buildid= -X %s.Version=%s -X %s.Commit=%s", stamps, r.version, stamps, r.commit)
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-tags", "carried", "-ldflags", ldflags,
		"-o", output, "./cmd/mkimage")
	command.Dir = r.root
	command.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+t.os, "GOARCH="+t.arch, "GOFLAGS=", "GOAMD64=", "GOARM64=", "GOEXPERIMENT=", "GOWORK=off")
	var stderr bytes.Buffer
	command.Stderr = &stderr
	if err := command.Run(); err != nil {
		return nil, fmt.Errorf("go build: %w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return os.ReadFile(output)
}

// readExtra collects the files that are the same for every system: texts of the checkout, and what mkimage writes itself.
func (r *release) readExtra(ctx context.Context) error {
	for _, name := range []string{"LICENSE", "README.md", "CHANGELOG.md"} {
		content, err := os.ReadFile(filepath.Join(r.root, name))
		if err != nil {
			return err
		}
		r.extra = append(r.extra, file{name: name, mode: 0o644, content: content})
	}
	program, err := r.compile(ctx, target{runtime.GOOS, runtime.GOARCH})
	if err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	mkimage := filepath.Join(work, "mkimage")
	if err := os.WriteFile(mkimage, program, 0o700); err != nil {
		return err
	}
	for shell, name := range map[string]string{"bash": "mkimage.bash", "zsh": "_mkimage", "fish": "mkimage.fish"} {
		script, err := run(ctx, mkimage, "completion", shell)
		if err != nil {
			return err
		}
		r.extra = append(r.extra, file{name: "completions/" + name, mode: 0o644, content: script})
	}
	pages := filepath.Join(work, "man")
	if _, err := run(ctx, mkimage, "man", pages); err != nil {
		return err
	}
	entries, err := os.ReadDir(pages)
	if err != nil {
		return err
	}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(pages, entry.Name()))
		if err != nil {
			return err
		}
		r.extra = append(r.extra, file{name: "man/" + entry.Name(), mode: 0o644, content: content})
	}
	sortFiles(r.extra)
	return nil
}

// run returns the stdout of a program.
func run(ctx context.Context, program string, args ...string) ([]byte, error) {
	var stderr bytes.Buffer
	command := exec.CommandContext(ctx, program, args...)
	command.Stderr = &stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%s %v: %w: %s", filepath.Base(program), args, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}
