package build

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/atomicfile"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
)

// Lock pins the packages of every definition with base alpine and writes the lock beside it. It returns the files, also
// of locks that did not change, and shows the changes. With names of packages to update, all others stay as they are locked,
// where the mirror still has them.
func Lock(ctx context.Context, definitions []images.Definition, packages Packages, update []string, display *progress.Display) ([]string, error) {
	if err := checkLocked(definitions, update); err != nil {
		return nil, err
	}
	r := &run{Options: Options{Packages: packages, Display: display}}
	var files []string
	err := r.eachOnAlpine(definitions, "lock ", func(definition images.Definition) error {
		err := r.writeLock(ctx, definition, update)
		if err == nil {
			files = append(files, definition.LockFile())
		}
		return err
	})
	return files, err
}

// eachOnAlpine does something with every definition that has packages, and shows it by a title before the image's name.
// The error joins those of all.
func (r *run) eachOnAlpine(definitions []images.Definition, title string, do func(images.Definition) error) error {
	var failures []error
	for _, definition := range definitions {
		if definition.Base != images.Alpine {
			continue
		}
		step := r.Display.Start(title + definition.Name)
		if err := step.End("", do(definition)); err != nil {
			failures = append(failures, fmt.Errorf("%s%s: %w", title, definition.Name, err))
		}
	}
	return errors.Join(failures...)
}

// checkLocked refuses a package to update that no lock has.
func checkLocked(definitions []images.Definition, update []string) error {
	if len(update) == 0 {
		return nil
	}
	known := map[string]bool{}
	for _, definition := range definitions {
		if definition.Base != images.Alpine {
			continue
		}
		lock, err := images.ReadLock(definition.LockFile())
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		for _, pins := range lock.Platforms {
			for _, pin := range pins {
				known[pin.Name] = true
			}
		}
	}
	for _, name := range update {
		if known[name] {
			continue
		}
		text := fmt.Sprintf("no lock here has a package %q", name)
		if near := suggest.Word(name, slices.Sorted(maps.Keys(known))); near != "" {
			text += fmt.Sprintf(" (did you mean %q?)", near)
		}
		return errors.New(text)
	}
	return nil
}

// choose returns the packages to lock: as the mirror has them, but for those of the former lock that are not to be updated.
func (r *run) choose(ctx context.Context, world apkfs.World, former []images.Pin, update []string) ([]images.Pin, error) {
	if len(update) == 0 || len(former) == 0 {
		return r.Alpine.Resolve(ctx, world)
	}
	kept := map[string]images.Pin{}
	for _, pin := range former {
		if !slices.Contains(update, pin.Name) {
			kept[pin.Name] = pin
		}
	}
	pins, err := r.Alpine.ResolveKeeping(ctx, world, kept)
	if err != nil {
		return nil, fmt.Errorf("with all other packages as they are locked: %w; update more of them, or all with mkimage lock", err)
	}
	return pins, nil
}

func (r *run) writeLock(ctx context.Context, definition images.Definition, update []string) error {
	languages, err := r.Stemcells.Pick(definition.Stemcells)
	if err != nil {
		return err
	}
	lock := images.Lock{Release: r.release(definition), Platforms: map[images.Platform][]images.Pin{}}
	file := definition.LockFile()
	former, missing := images.ReadLock(file)
	if newer := (*images.NewerLockError)(nil); errors.As(missing, &newer) {
		return missing
	}
	for _, platform := range definition.Platforms {
		world := plan.World(definition, languages, lock.Release, platform)
		lock.Layers = world.Wanted()
		pins, err := r.choose(ctx, world, former.Platforms[platform], update)
		if err != nil {
			return fmt.Errorf("%w%s", err, r.elsewhere(ctx, err, definition, languages))
		}
		if lock.Platforms[platform], err = r.Alpine.Pin(ctx, world, pins); err != nil {
			return err
		}
	}
	if missing == nil {
		for _, line := range lock.Changes(former) {
			r.Display.Text(definition.Name + "  " + line)
		}
	} else if !errors.Is(missing, fs.ErrNotExist) {
		r.Display.Text(fmt.Sprintf("%v: it is replaced", missing))
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
