package build

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"
)

// packages returns the Alpine packages of an image for each of its platforms. They come from its lock, whose text is
// then returned too, or from the mirror's index.
func (r *run) packages(ctx context.Context, definition images.Definition, languages []stemcells.Stemcell) (map[images.Platform]plan.Packages, []byte, error) {
	if definition.Base != images.Alpine {
		return nil, nil, nil
	}
	lock, locked, err := r.lock(definition, languages)
	if err != nil {
		return nil, nil, err
	}
	found := map[images.Platform]plan.Packages{}
	for _, platform := range definition.Platforms {
		world := plan.World(definition, languages, r.release(definition), platform)
		pins := lock.Platforms[platform]
		if !locked {
			if pins, err = r.Alpine.Resolve(ctx, world); err != nil {
				return nil, nil, fmt.Errorf("%w%s", err, r.elsewhere(ctx, err, definition, languages))
			}
			r.tellUnlocked(definition, platform, pins)
		}
		found[platform] = plan.Packages{World: world, Pins: pins, Install: r.Alpine.Install}
	}
	return found, lock.Text, nil
}

// elsewhere returns the end of an error about a package that is missing for a platform: the platforms that have all.
func (r *run) elsewhere(ctx context.Context, missing error, definition images.Definition, languages []stemcells.Stemcell) string {
	if !errors.Is(missing, apkfs.ErrNoPackage) {
		return ""
	}
	var whole []string
	for _, platform := range definition.Platforms {
		if _, err := r.Alpine.Resolve(ctx, plan.World(definition, languages, r.release(definition), platform)); err == nil {
			whole = append(whole, string(platform))
		}
	}
	if len(whole) == 0 {
		return ""
	}
	text := fmt.Sprintf("; %s has it: give --platform %s", strings.Join(whole, " and "), strings.Join(whole, ","))
	if !definition.Shipped {
		text += ", or write platforms: [" + strings.Join(whole, ", ") + "] into the definition"
	}
	return text
}

// lock returns the lock of a definition, and whether the build uses it: if there is one and it fits. With --locked it
// must.
func (r *run) lock(definition images.Definition, languages []stemcells.Stemcell) (images.Lock, bool, error) {
	file := definition.LockFile()
	lock, err := images.ReadLock(file)
	if errors.Is(err, fs.ErrNotExist) && !r.Locked {
		return images.Lock{}, false, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return images.Lock{}, false, fmt.Errorf("there is no lock %s; make one with mkimage lock %s", file, definition.Name)
	}
	if err != nil {
		return images.Lock{}, false, err
	}
	for _, platform := range definition.Platforms {
		world := plan.World(definition, languages, r.release(definition), platform)
		if err := lock.Fits(world.Release, world.Wanted(), platform); err != nil {
			if !r.Locked {
				r.Display.Text(fmt.Sprintf("%s is not used: %v", file, err))
				return images.Lock{}, false, nil
			}
			return images.Lock{}, false, fmt.Errorf("the lock %s does not fit %s: %w; make a new one with mkimage lock %s", file, definition.File, err, definition.Name)
		}
	}
	return lock, true, nil
}

func (r *run) release(definition images.Definition) string {
	return cmp.Or(r.Release, definition.Alpine)
}

// foreign returns the inputs that mark an image in the size record whose packages are not those of its definition.
func (r *run) foreign(definition images.Definition, pins []images.Pin) map[string]string {
	inputs := map[string]string{}
	if definition.Base != images.Alpine {
		return inputs
	}
	if release := r.release(definition); release != definition.Alpine {
		inputs[sizes.InputRelease] = release
	}
	if keys := apkfs.ForeignSigners(pins); keys != "" {
		inputs[sizes.InputPackages] = keys
	}
	return inputs
}

// tellUnlocked shows packages that no lock pins.
func (r *run) tellUnlocked(definition images.Definition, platform images.Platform, pins []images.Pin) {
	if names := pinNames(pins); r.Verbose && !r.wasTold(string(platform)+names) {
		r.Display.Text(fmt.Sprintf("%s  %s  resolved without a lock: %s", definition.Name, platform, names))
	}
	if r.wasTold(definition.Name + " unlocked") {
		return
	}
	text := fmt.Sprintf("%s: %s, newest of %s", definition.Name, human.Count(len(pins), "package"), r.release(definition))
	if !definition.Shipped {
		text += "; mkimage lock " + definition.Name + " pins them"
	}
	r.Display.Text(text)
}

// wasTold reports whether a text was shown before, for any image.
func (r *run) wasTold(text string) bool {
	_, before := r.texts.LoadOrStore(text, true)
	return before
}

func pinNames(pins []images.Pin) string {
	words := make([]string, len(pins))
	for i, pin := range pins {
		words[i] = pin.String()
	}
	return strings.Join(words, " ")
}
