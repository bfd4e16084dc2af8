//go:build linux

package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/compile"
)

// workshop has what is built and with what.
type workshop struct {
	options
	dir     string // all of it
	module  string // a copy of the library's module, with hello in it
	mkimage string
	action  string // a ready program
	engine  int    // the process of the Docker Engine, or 0
	counter *counter
	builds  int // so far: each change and each cold build has its own
}

// The places in a workshop's folder.
const (
	recipes = "recipes"
	store   = "cache"
)

// newWorkshop compiles mkimage, copies hello, and makes the bases. The workshop is to be cleaned, also after an error.
func newWorkshop(ctx context.Context, dir string, c *counter, o options) (*workshop, error) {
	w := &workshop{options: o, dir: dir, module: filepath.Join(dir, "module"), mkimage: filepath.Join(dir, "mkimage"), action: filepath.Join(dir, "action"), counter: c}
	root, err := compile.Root(ctx)
	if err != nil {
		return w, err
	}
	if err := compile.Go(ctx, root, w.mkimage, "./cmd/mkimage", ""); err != nil {
		return w, err
	}
	if err := compile.Go(ctx, root, w.action, "./bench/actions/loop", " -X main.work=hello"); err != nil {
		return w, err
	}
	for _, folder := range []string{"openwhisk", "proxy", "stemcells/go/examples/hello"} {
		if err := os.CopyFS(filepath.Join(w.module, folder), os.DirFS(filepath.Join(root, folder))); err != nil {
			return w, err
		}
	}
	text := "module github.com/sciabarracom/openwhisk-runtime-go\n\ngo 1.26\n"
	if err := os.WriteFile(filepath.Join(w.module, "go.mod"), []byte(text), 0o644); err != nil {
		return w, err
	}
	if err := w.run(ctx, w.mkimage, "build", "scratch", "-o", "type=registry,ref="+w.reference("base")); err != nil {
		return w, err
	}
	if o.docker != "" {
		err = w.supply(ctx)
	}
	return w, err
}

// supply gives Docker its bases.
func (w *workshop) supply(ctx context.Context) error {
	var err error
	if w.engine, err = listener(ctx, w.docker); err != nil {
		return err
	}
	for _, image := range w.dockerImages() {
		if err := w.run(ctx, w.mkimage, "build", image, "--platform", here, "--allow-over-budget", "-o", "type=daemon,ref="+base(image)); err != nil {
			return err
		}
		for _, server := range []string{"mkimage", "docker"} {
			if err := os.MkdirAll(w.recipe(image, server), 0o755); err != nil {
				return err
			}
		}
		text := fmt.Sprintf("FROM %s\nCOPY --chown=65532:0 exec /action/exec\n", base(image))
		if err := os.WriteFile(filepath.Join(w.recipe(image, "docker"), "Dockerfile"), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// recipe is the folder of an image's action, one for each program that builds it.
func (w *workshop) recipe(image, server string) string {
	return filepath.Join(w.dir, recipes, image, server)
}

// here is the platform of the Docker Engine.
const here = "linux/" + runtime.GOARCH

// dockerImages are the definitions of the bases that are wanted: that on Alpine only where there are packages for it.
func (w *workshop) dockerImages() []string {
	return slices.DeleteFunc([]string{scratch, bash}, func(image string) bool {
		return image == bash && os.Getenv("MKIMAGE_ALPINE_MIRROR") == "" || !w.only.MatchString(image)
	})
}

func base(image string) string { return "mkimage-bench/" + image + ":base" }

// repository returns a repository to push to.
func (w *workshop) repository(name string) string {
	return fmt.Sprintf("%s/bench-%d/%s", w.counter.host, os.Getpid(), name)
}

// reference returns the reference of a repository's image.
func (w *workshop) reference(name string) string { return w.repository(name) + ":latest" }

// command returns a command in the workshop with more variables.
func (w *workshop) command(ctx context.Context, dir string, variables []string, name string, args ...string) *exec.Cmd {
	command := exec.CommandContext(ctx, name, args...)
	command.Dir = dir
	command.Env = append(os.Environ(), "MKIMAGE_CACHE_DIR="+filepath.Join(w.dir, store), "DOCKER_BUILDKIT=0", "CGO_ENABLED=0", "GOFLAGS=-trimpath")
	if w.docker != "" {
		command.Env = append(command.Env, "DOCKER_HOST="+w.docker)
	}
	command.Env = append(command.Env, variables...)
	return command
}

func (w *workshop) run(ctx context.Context, name string, args ...string) error {
	return compile.Run(w.command(ctx, w.dir, nil, name, args...))
}

// clean removes what Docker was given. What was pushed keeps its digest beside its tag, so images go by their ids.
func (w *workshop) clean() {
	if w.engine == 0 {
		return
	}
	ctx := context.Background()
	for _, names := range []string{w.repository("*"), "mkimage-bench/*:base"} {
		ids, err := w.command(ctx, w.dir, nil, "docker", "images", "--quiet", "--filter", "reference="+names).Output()
		if err == nil && len(ids) > 0 {
			_ = w.run(ctx, "docker", append([]string{"image", "rm", "--force"}, strings.Fields(string(ids))...)...) // the next run goes on nevertheless
		}
	}
}
