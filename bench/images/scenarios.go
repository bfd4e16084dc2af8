//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
)

// The images and their states.
const (
	hello   = "hello, two platforms"
	scratch = "scratch"
	bash    = "bash"

	cold    = "cold"
	warm    = "warm"
	changed = "a line changed"

	platforms = "linux/amd64,linux/arm64" // of hello
)

// scenarios are all images in all states.
func (w *workshop) scenarios(ctx context.Context) []rounds.Scenario {
	var all []rounds.Scenario
	add := func(image string, entrants func(state string) []rounds.Entrant) {
		for _, state := range []string{cold, warm, changed} {
			all = append(all, rounds.Scenario{Name: image + ", " + state, Entrants: entrants(state)})
		}
	}
	if w.ko != "" && w.only.MatchString(hello) {
		add(hello, func(state string) []rounds.Entrant {
			return []rounds.Entrant{
				rounds.At("mkimage", func() ([]rounds.Figure, error) { return w.helloByMkimage(ctx, state) }),
				rounds.At("ko", func() ([]rounds.Figure, error) { return w.helloByKo(ctx, state, "") }),
				rounds.At("ko with KOCACHE", func() ([]rounds.Figure, error) { return w.helloByKo(ctx, state, "KOCACHE") }),
			}
		})
	}
	if w.engine != 0 {
		for _, image := range w.dockerImages() {
			add(image+" with an action", func(state string) []rounds.Entrant {
				return []rounds.Entrant{
					rounds.At("mkimage", func() ([]rounds.Figure, error) { return w.scriptByMkimage(ctx, image, state) }),
					rounds.At("docker build and push", func() ([]rounds.Figure, error) { return w.scriptByDocker(ctx, image, state) }),
				}
			})
		}
	}
	return all
}

// prepare brings sources and caches into a state, and returns the number of the repository and the cache to use. A cold
// build goes to a repository of its own, since a registry keeps what was sent.
func (w *workshop) prepare(image, state, server string) (int, error) {
	last := filepath.Join(w.dir, "last-"+image+"-"+server)
	if state == cold {
		w.builds++
		return w.builds, os.WriteFile(last, []byte(strconv.Itoa(w.builds)), 0o644)
	}
	text, err := os.ReadFile(last)
	if err != nil {
		return 0, err
	}
	if state == changed {
		w.builds++
	}
	return strconv.Atoi(string(text))
}

// helloByMkimage builds hello into a repository.
func (w *workshop) helloByMkimage(ctx context.Context, state string) ([]rounds.Figure, error) {
	number, err := w.prepare("hello", state, "mkimage")
	if err == nil && state == changed {
		err = w.changeHello()
	}
	if err != nil {
		return nil, err
	}
	return w.cost(0, w.build(ctx, w.module, number, scratch, "./stemcells/go/examples/hello", "hello", platforms))
}

// build returns the command that bakes an action into an image, and pushes that.
func (w *workshop) build(ctx context.Context, dir string, number int, image, action, name, platforms string) *exec.Cmd {
	args := []string{"build", image, "--action", action, "--platform", platforms, "--allow-over-budget", "--progress", "none", "--sbom", "none", "--attest", "none",
		"--size-record", filepath.Join(w.dir, "sizes.json"), "-o", "type=registry,ref=" + w.reference(fmt.Sprintf("%s-mkimage-%d", name, number))}
	cache := "MKIMAGE_CACHE_DIR=" + filepath.Join(w.dir, fmt.Sprintf("%s-%s-%d", store, name, number))
	return w.command(ctx, dir, []string{cache}, w.mkimage, args...)
}

// helloByKo builds hello with ko on the base that mkimage's has.
func (w *workshop) helloByKo(ctx context.Context, state, cache string) ([]rounds.Figure, error) {
	number, err := w.prepare("hello", state, "ko"+cache)
	if err == nil && state == changed {
		err = w.changeHello()
	}
	if err != nil {
		return nil, err
	}
	variables := []string{
		"KO_DOCKER_REPO=" + w.repository(strings.ToLower(fmt.Sprintf("ko%s-%d", cache, number))),
		"KO_DEFAULTBASEIMAGE=" + w.reference("base"),
	}
	if cache != "" {
		variables = append(variables, fmt.Sprintf("KOCACHE=%s/kocache-%d", w.dir, number))
	}
	return w.cost(0, w.command(ctx, w.module, variables, w.ko, "build", "--bare", "./stemcells/go/examples/hello", "--platform", platforms, "--sbom", "none"))
}

// changeHello changes a line of hello's source.
func (w *workshop) changeHello() error {
	file := filepath.Join(w.module, "stemcells/go/examples/hello/main.go")
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, after, ok := bytes.Cut(text, []byte(`"Hello`))
	_, after, ends := bytes.Cut(after, []byte(`, "`))
	if !ok || !ends {
		return fmt.Errorf("%s greets nobody", file)
	}
	greeting := fmt.Appendf(nil, `"Hello%d, "`, w.builds)
	return os.WriteFile(file, slices.Concat(before, greeting, after), 0o644)
}

// script writes the action of a build, and returns its folder. It is a script that differs in a line, or on scratch, which
// can run none, a program that does.
func (w *workshop) script(image, server string) (string, error) {
	folder := w.recipe(image, server)
	text := fmt.Appendf(nil, "#!/bin/bash\necho '{\"build\":%d}'\n", w.builds)
	if image == scratch {
		program, err := os.ReadFile(w.action)
		if err != nil {
			return "", err
		}
		text = fmt.Appendf(program, "build %d\n", w.builds) // behind its end, which an ELF does not mind
	}
	return folder, os.WriteFile(filepath.Join(folder, "exec"), text, 0o755)
}

func (w *workshop) scriptByMkimage(ctx context.Context, image, state string) ([]rounds.Figure, error) {
	number, err := w.prepare(image, state, "mkimage")
	if err != nil {
		return nil, err
	}
	folder := w.recipe(image, "mkimage")
	if state != warm {
		if folder, err = w.script(image, "mkimage"); err != nil {
			return nil, err
		}
	}
	return w.cost(0, w.build(ctx, folder, number, image, "exec", image, here))
}

// scriptByDocker copies the script onto the base. A cold build uses no cache; the base is there.
func (w *workshop) scriptByDocker(ctx context.Context, image, state string) ([]rounds.Figure, error) {
	number, err := w.prepare(image, state, "docker")
	if err != nil {
		return nil, err
	}
	folder := w.recipe(image, "docker")
	if state != warm {
		if folder, err = w.script(image, "docker"); err != nil {
			return nil, err
		}
	}
	args := []string{"build", "--quiet", "--tag", w.tag(image, number)}
	if state == cold {
		args = append(args, "--no-cache")
	}
	return w.cost(w.engine, w.command(ctx, folder, nil, "docker", append(args, ".")...), w.command(ctx, folder, nil, "docker", "push", "--quiet", w.tag(image, number)))
}

// tag is the name of an image that Docker builds and pushes.
func (w *workshop) tag(image string, number int) string {
	return w.reference(fmt.Sprintf("%s-docker-%d", image, number))
}
