package build

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
)

// Inputs are the inputs of an image, as far as they are known without a build and without a network.
type Inputs struct {
	Definition images.Definition
	Lock       string // the file that pins the packages, or "" where there is none
	Packages   int    // the number of packages in the lock, of all platforms
	Release    string // of Alpine, or ""
	Action     string // the file or folder that is baked in, or ""
	Mistakes   []error
}

// Check checks the inputs of images: their stemcells, locks and actions. It builds nothing and uses no network.
func Check(definitions []images.Definition, options Options) []Inputs {
	r := &run{Options: options}
	var all []Inputs
	for _, definition := range definitions {
		definition, err := withAction(definition, options.Action)
		in := Inputs{Definition: definition}
		in.fail(err)
		in.fail(r.checkPackages(definition, &in))
		in.fail(r.checkAction(definition, &in))
		_, _, err = placedFiles(definition)
		in.fail(err)
		all = append(all, in)
	}
	return all
}

// withAction returns the definition with another action, if one is given.
func withAction(definition images.Definition, action string) (images.Definition, error) {
	if action != "" && len(definition.Entrypoint) > 0 {
		return definition, errors.New("it has an entrypoint of its own and no proxy, so no action can be baked in")
	}
	definition.Action = cmp.Or(action, definition.Action)
	return definition, nil
}

func (in *Inputs) fail(err error) {
	if err != nil {
		in.Mistakes = append(in.Mistakes, fmt.Errorf("image %s: %w", in.Definition.Name, err))
	}
}

// checkPackages checks the lock: it must fit, and with --locked it must exist.
func (r *run) checkPackages(definition images.Definition, in *Inputs) error {
	languages, err := r.Stemcells.Pick(definition.Stemcells)
	if err != nil || definition.Base != images.Alpine {
		return err
	}
	in.Release = r.release(definition)
	file := definition.LockFile()
	lock, err := images.ReadLock(file)
	switch {
	case errors.Is(err, fs.ErrNotExist) && !r.Locked:
		return nil
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("there is no lock %s; make one with mkimage lock %s", file, definition.Name)
	case err != nil:
		return err
	}
	in.Lock = file
	for _, platform := range definition.Platforms {
		world := plan.World(definition, languages, in.Release, platform)
		if err := lock.Fits(world.Release, world.Wanted(), platform); err != nil {
			return fmt.Errorf("the lock %s does not fit %s: %w; make a new one with mkimage lock %s", file, definition.File, err, definition.Name)
		}
		in.Packages += len(lock.Platforms[platform])
	}
	return nil
}

func (r *run) checkAction(definition images.Definition, in *Inputs) error {
	if definition.Action == "" {
		return nil
	}
	if in.Action = r.place(definition); in.Action == "" {
		in.Action = definition.Action + " (of mkimage)"
		return nil
	}
	if _, err := r.source(definition); err != nil {
		return fmt.Errorf("action %s: %w", definition.Action, human.OneLine(err))
	}
	return nil
}
