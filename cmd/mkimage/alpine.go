package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/pflag"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/build"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"
)

// keysVariable sets --alpine-key. It is a list as in $PATH, for which the other flags' way does not do.
const keysVariable = "MKIMAGE_ALPINE_KEYS"

// alpineFlags are the flags of every command that takes Alpine packages, as they were typed.
type alpineFlags struct {
	images, stemcells, platform, cacheDir, mirror, release string
	keys                                                   []string
}

// add adds the flags to a command.
func (f *alpineFlags) add(set *pflag.FlagSet, verb string) {
	set.StringVar(&f.images, "images", "", "take definitions from `DIR`; from images when not given")
	set.StringVar(&f.stemcells, "stemcells", "", "take the stemcells in `DIR` beside mkimage's own; from stemcells if it is there")
	set.StringVar(&f.platform, "platform", "", verb+" only for the platforms in `LIST`, such as linux/amd64,linux/arm64")
	set.StringVar(&f.cacheDir, "cache-dir", "", "keep costly results in `DIR`; in mkimage of the user's cache folder when not given")
	set.StringVar(&f.mirror, "alpine-mirror", "", "take Alpine packages from `URL|DIR`; from "+apkfs.PublicMirror+" when not given")
	set.StringVar(&f.release, "alpine-release", "", "take Alpine release `R` in place of the definitions'")
	set.StringArrayVar(&f.keys, "alpine-key", nil, "trust the public key in `FILE` beside Alpine's own, repeatable ($"+keysVariable+", a list as in PATH)")
	withVariable(set, "images", "stemcells", "platform", "cache-dir", "alpine-mirror", "alpine-release")
}

// check reads the flags that can be wrong, and returns the platforms.
func (f *alpineFlags) check() ([]images.Platform, error) {
	if f.release != "" {
		if err := images.CheckRelease(f.release); err != nil {
			return nil, fmt.Errorf("--alpine-release: %w", err)
		}
	}
	if f.platform == "" {
		return nil, nil
	}
	platforms, err := images.ParsePlatforms(f.platform)
	if err != nil {
		return nil, fmt.Errorf("--platform: %w", err)
	}
	return platforms, nil
}

// open opens the cache, the stemcells and the mirror, of which nothing is asked yet.
func (f *alpineFlags) open() (packages build.Packages, store cache.Dir, err error) {
	packages.Release = f.release
	if store, err = cache.Open(f.cacheDir); err != nil {
		return packages, store, err
	}
	store = store.Hold()
	if packages.Stemcells, err = f.loadStemcells(); err != nil {
		return packages, store, err
	}
	keys := f.keys
	if len(keys) == 0 {
		keys = filepath.SplitList(os.Getenv(keysVariable))
	}
	packages.Alpine, err = apkfs.Open(f.mirror, keys, store)
	return packages, store, err
}

// loadStemcells returns mkimage's stemcells and those of a folder, which replace others of the same name.
func (f *alpineFlags) loadStemcells() (stemcells.Set, error) {
	set, err := stemcells.Shipped()
	if err != nil {
		return nil, err
	}
	dir := f.stemcells
	if dir == "" {
		dir = "stemcells"
		if _, err := os.Stat(dir); err != nil {
			return set, nil
		}
	}
	own, err := stemcells.Load(os.DirFS(dir), dir)
	for name, stemcell := range own {
		set[name] = stemcell
	}
	return set, err
}
