package gobuild

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
)

// Package is a user's Go package, with its own go.mod, requirements, vendor folder or workspace. It is compiled in its
// folder, with the user's module cache.
type Package struct {
	Dir       string    // its folder, as it stands in messages
	Toolchain string    // the exact version that compiles it, such as "go1.26.8"
	Tags      string    // build tags, as for go build -tags
	LDFlags   string    // for the linker, after those of every program
	Store     cache.Dir // keeps the program that was linked last
}

// Build compiles the package for a platform and returns the program, a static ELF file.
//
// The go command compiles what has changed. The program that was linked last is kept with the build IDs of what it was
// linked from, and is not linked again while they are the same.
func (p Package) Build(ctx context.Context, platform images.Platform) ([]byte, error) {
	program, err := p.compile(ctx, platform)
	if err != nil {
		return nil, fmt.Errorf("compile %s for %s: %w", p.Dir, platform, err)
	}
	return program, nil
}

func (p Package) compile(ctx context.Context, platform images.Platform) ([]byte, error) {
	dir, err := filepath.Abs(p.Dir)
	if err != nil {
		return nil, err
	}
	work, err := os.MkdirTemp("", "mkimage-go-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	environment, err := withSettings(ctx, work, others(os.Environ()))
	if err != nil {
		return nil, err
	}
	environment = slices.Concat(environment, []string{"GOTOOLCHAIN=" + p.Toolchain}, target(platform))

	flags := []string{"-trimpath", "-buildvcs=false", "-ldflags=" + strings.TrimSpace(linkerFlags+" "+p.LDFlags), "-tags=" + p.Tags}
	key := cache.Key(dir, string(platform), p.Toolchain, p.Tags, p.LDFlags)
	made := p.compiled(ctx, dir, environment, flags)
	if kept, ok := p.Store.Last("go-action", key); ok && made != "" {
		if program, same := bytes.CutPrefix(kept, []byte(made)); same {
			return program, p.check(program)
		}
	}
	output := filepath.Join(work, "program")
	if _, err := run(ctx, dir, environment, slices.Concat([]string{"build"}, flags, []string{"-o", output, "."})...); err != nil {
		return nil, p.explain(ctx, dir, environment, err)
	}
	program, err := os.ReadFile(output)
	if err != nil {
		return nil, err
	}
	if err := p.check(program); err != nil || made == "" {
		return program, err
	}
	return program, p.Store.Replace("go-action", key, append([]byte(made), program...))
}

// compiled compiles the packages of the program, and returns a key of all that the linker reads: its flags, and the build
// IDs of the packages. The one of the main package also stands for its requirements. It returns "" where that fails, for
// go build says why.
func (p Package) compiled(ctx context.Context, dir string, environment, flags []string) string {
	if !p.Store.Keeps() {
		return ""
	}
	packages, err := run(ctx, dir, environment, slices.Concat([]string{"list", "-export", "-deps", "-f", "{{.ImportPath}} {{.BuildID}}"}, flags, []string{"."})...)
	if err != nil {
		return ""
	}
	return cache.Key(append([]string{p.Toolchain, string(packages)}, flags...)...)
}

// check refuses files that are no program of the wanted toolchain.
func (p Package) check(program []byte) error {
	if bytes.HasPrefix(program, []byte("!<arch>\n")) {
		return errors.New("it is not package main, and an action is a program: name the folder of its package main")
	}
	made, err := buildinfo.Read(bytes.NewReader(program))
	if err != nil {
		return err
	}
	if made.GoVersion != p.Toolchain {
		return &ToolchainError{Want: p.Toolchain, Have: made.GoVersion}
	}
	return nil
}

// others returns the variables without those that change compiled code. Variables for downloads, git and ssh stay. So
// does GOWORK=off, without which a module below a go.work that does not list it cannot be compiled.
func others(environment []string) []string {
	return slices.DeleteFunc(slices.Clone(environment), func(variable string) bool {
		name, value, _ := strings.Cut(variable, "=")
		switch name {
		case "GOWORK":
			return value != "off"
		case "GOFLAGS", "GOOS", "GOARCH", "GOAMD64", "GOARM64", "GOARM", "GOPPC64", "GORISCV64", "GOEXPERIMENT", "GOFIPS140", "GODEBUG", "GOENV", "GOTOOLCHAIN", "CGO_ENABLED":
			return true
		}
		return false
	})
}
