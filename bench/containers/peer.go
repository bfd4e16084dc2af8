//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/load"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/server"
)

// peer is another image to measure: NAME=REF, or NAME=PATH of a layout or of an archive of docker save. After a comma
// comes its action: a file, or none.
type peer struct {
	name, from, action string
	image              string // in the engine
}

func parsePeer(text string) (peer, error) {
	name, rest, ok := strings.Cut(text, "=")
	from, action, _ := strings.Cut(rest, ",")
	if !ok || name == "" || from == "" {
		return peer{}, fmt.Errorf("%q is not NAME=REF or NAME=PATH", text)
	}
	return peer{name: name, from: from, action: action}, nil
}

// fetch brings a peer's image into the engine.
func (w *workshop) fetch(ctx context.Context, p *peer) error {
	p.image = p.from
	file, err := os.Stat(w.path(p.from))
	switch {
	case err != nil:
		if _, err := w.engine.Size(ctx, p.from); err == nil {
			return nil
		}
		_, _, err := w.engine.Pull(ctx, p.from)
		return err
	case file.IsDir():
		p.image = w.ref("peer-" + strings.ToLower(p.name))
		w.lent = append(w.lent, p.image)
		if _, err := w.command(ctx, w.mkimage, "push", w.path(p.from), p.image, "--sbom", "none", "--progress", "none"); err != nil {
			return err
		}
		_, _, err := w.engine.Pull(ctx, p.image)
		return err
	}
	out, err := w.command(ctx, "docker", "load", "-q", "-i", w.path(p.from))
	if err != nil {
		return err
	}
	_, image, ok := strings.Cut(strings.TrimSpace(out), ": ")
	if !ok {
		return fmt.Errorf("docker load says %q", out)
	}
	p.image = image
	return nil
}

// introduce finds out what a peer runs: its file, nothing, or the first of our actions whose answer is right.
func (w *workshop) introduce(ctx context.Context, p peer) (engine.Spec, error) {
	spec := engine.Spec{Image: p.image}
	switch p.action {
	case "none":
		return spec, w.try(ctx, spec)
	case "":
		var failures []error
		for _, program := range []string{"actionloop", "v1", "v0"} {
			body, err := server.Upload(w.program(program), 0)
			if err == nil {
				spec.Init = body
				err = w.try(ctx, spec)
			}
			if err == nil {
				w.say(p.name + " runs the action of " + program)
				return spec, nil
			}
			failures = append(failures, err)
		}
		return spec, errors.Join(failures...)
	}
	code, err := os.ReadFile(w.path(p.action))
	if err != nil {
		return spec, err
	}
	body, err := server.Source(w.path(p.action))
	if bytes.ContainsRune(code, 0) {
		body, err = server.Upload(w.path(p.action), 0)
	}
	spec.Init = body
	return spec, errors.Join(err, w.try(ctx, spec))
}

// try starts a container and has one run answered.
func (w *workshop) try(ctx context.Context, spec engine.Spec) error {
	c, err := w.engine.Start(ctx, spec)
	if err != nil {
		return err
	}
	defer c.Remove()
	result, err := load.Load{Address: c.Address, Requests: 1}.Run()
	if err == nil && result.Right != 1 {
		err = fmt.Errorf("%s: its answer: %s", spec.Image, result.FirstBad)
	}
	return err
}
