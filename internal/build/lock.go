package build

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/atomicfile"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
)

// Lock pins the packages of every definition with base alpine and writes the lock beside it. It returns the files, also
// of locks that did not change, and shows the changes.
func Lock(ctx context.Context, definitions []images.Definition, packages Packages, display *progress.Display) ([]string, error) {
	r := &run{Options: Options{Packages: packages, Display: display}}
	var files []string
	var failures []error
	for _, definition := range definitions {
		if definition.Base != images.Alpine {
			continue
		}
		step := r.Display.Start("lock " + definition.Name)
		err := r.writeLock(ctx, definition)
		if step.End("", err) != nil {
			failures = append(failures, fmt.Errorf("lock %s: %w", definition.Name, err))
			continue
		}
		files = append(files, definition.LockFile())
	}
	return files, errors.Join(failures...)
}

func (r *run) writeLock(ctx context.Context, definition images.Definition) error {
	languages, err := r.Stemcells.Pick(definition.Stemcells)
	if err != nil {
		return err
	}
	lock := images.Lock{Release: r.release(definition), Platforms: map[images.Platform][]images.Pin{}}
	for _, platform := range definition.Platforms {
		world := plan.World(definition, languages, lock.Release, platform)
		lock.Layers = world.Wanted()
		pins, err := r.Alpine.Resolve(ctx, world)
		if err != nil {
			return err
		}
		if lock.Platforms[platform], err = r.Alpine.Pin(ctx, world, pins); err != nil {
			return err
		}
	}
	file := definition.LockFile()
	if former, err := images.ReadLock(file); err == nil {
		for _, line := range lock.Changes(former) {
			r.Display.Text(definition.Name + "  " + line)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		r.Display.Text(fmt.Sprintf("%v: it is replaced", err))
	}
	text, err := lock.Marshal()
	if err != nil {
		return err
	}
	err = atomicfile.File(file, func(f *os.File) error {
		_, err := f.Write(text)
		return err
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", file, human.Reason(err))
	}
	return nil
}

// Vendor copies the locked packages of every definition with base alpine into a folder that is a mirror of them.
func Vendor(ctx context.Context, dir string, definitions []images.Definition, packages Packages, display *progress.Display) error {
	packages.Locked = true
	r := &run{Options: Options{Packages: packages, Display: display}}
	for _, definition := range definitions {
		if definition.Base != images.Alpine {
			continue
		}
		step := r.Display.Start("vendor " + definition.Name)
		if err := step.End("", r.vendor(ctx, dir, definition)); err != nil {
			return fmt.Errorf("vendor %s: %w", definition.Name, err)
		}
	}
	return nil
}

func (r *run) vendor(ctx context.Context, dir string, definition images.Definition) error {
	languages, err := r.Stemcells.Pick(definition.Stemcells)
	if err != nil {
		return err
	}
	lock, _, err := r.lock(definition, languages)
	if err != nil {
		return err
	}
	for _, platform := range definition.Platforms {
		world := plan.World(definition, languages, lock.Release, platform)
		if err := r.Alpine.Vendor(ctx, dir, world, lock.Platforms[platform]); err != nil {
			return err
		}
	}
	return nil
}
