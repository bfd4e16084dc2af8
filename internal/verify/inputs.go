package verify

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/action"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/build"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/provenance"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sbom"
	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"
)

// options returns those of the build, as the statement says. work is a folder to write to.
func (v *verification) options(work string) (build.Options, error) {
	o, p := v.Build, v.stated.Parameters
	var err error
	if len(p.Platforms) == 0 {
		return o, unknown("its provenance names no platforms")
	}
	if o.Platforms, err = images.ParsePlatforms(strings.Join(p.Platforms, ",")); err != nil {
		return o, unknown("its provenance: %v", err)
	}
	if p.AlpineRelease != "" {
		if err := images.CheckRelease(p.AlpineRelease); err != nil {
			return o, unknown("its provenance: %v", err)
		}
	}
	o.Release, o.GoTags, o.Epoch = p.AlpineRelease, p.GoTags, time.Unix(p.SourceDateEpoch, 0).UTC()
	if p.Proxy == "" { // $MKIMAGE_PROXY may be set
		o.Proxy = ""
	}
	if p.GoLDFlags == "" {
		o.GoLDFlags = ""
	}
	o.Outputs = []publish.Output{{Type: publish.OCI, Dest: filepath.Join(work, "image")}}
	o.SizeRecord, o.Generated = filepath.Join(work, "sizes.json"), true
	o.SBOM, o.Attest, o.AllowOverBudget = sbom.None, build.AttestNone, true
	o.Stemcells, err = v.stemcells()
	return o, err
}

// stemcells returns mkimage's stemcells, or those of the source where the statement names others.
func (v *verification) stemcells() (stemcells.Set, error) {
	set, err := stemcells.Shipped()
	if err != nil || v.StemcellsDir != "" {
		return v.Build.Stemcells, err
	}
	for i, tree := range v.trees {
		dirs := []string{filepath.Join(tree, "stemcells")}
		if i == 0 { // the definition is in images/ beside stemcells/
			dirs = append(dirs, filepath.Join(tree, filepath.Dir(filepath.Dir(filepath.FromSlash(v.stated.Parameters.Definition))), "stemcells"))
		}
		for _, dir := range dirs {
			if _, err := os.Stat(dir); err != nil {
				continue
			}
			own, err := stemcells.Load(os.DirFS(dir), "stemcells")
			if err != nil {
				continue // another project's folder may be called so
			}
			for name, stemcell := range own {
				stated, named := v.stated.Material(provenance.Stemcell(name))
				made, err := build.StemcellMaterial(stemcell)
				if named && err == nil && made.Digest["dirHash"] == stated.Digest["dirHash"] {
					set[name] = stemcell
				}
			}
		}
	}
	return set, nil
}

// definition reads the definition that the statement names, by its path and content.
func (v *verification) definition(known images.Stemcells) (images.Definition, error) {
	p := v.stated.Parameters
	if len(v.trees) == 0 || shipped(v.stated) && !v.inTrees(p.Definition) {
		if !shipped(v.stated) {
			return images.Definition{}, unknown("its definition %s was in no repository, and is not one that mkimage brings", p.Definition)
		}
		found, err := images.Load(images.Shipped(), known, p.Image)
		if err != nil {
			return images.Definition{}, err
		}
		return found[0], nil
	}
	file, err := v.find(p.Definition)
	if err != nil {
		return images.Definition{}, err
	}
	found, err := images.Load(images.Dir(filepath.Dir(file)), known, file)
	if err != nil {
		return images.Definition{}, fmt.Errorf("the definition at that commit: %w", err)
	}
	if stated, ok := v.stated.Material(p.Definition); ok && stated.Digest["sha256"] != found[0].SHA256 {
		return images.Definition{}, unknown("the definition %s at that commit is not the one that the provenance names", p.Definition)
	}
	return found[0], nil
}

// checkFiles refuses a definition whose files are not in the source, as those that git was told to ignore.
func (v *verification) checkFiles(definition images.Definition, platforms []images.Platform) error {
	restricted, err := build.Restrict([]images.Definition{definition}, platforms)
	if err != nil {
		return err
	}
	for _, name := range restricted[0].Sources() {
		if _, err := v.find(path.Join(path.Dir(v.stated.Parameters.Definition), name)); err != nil {
			return err
		}
	}
	return nil
}

// action returns the path to bake where it is not the one that the definition names.
func (v *verification) action(definition images.Definition) (string, error) {
	name := v.stated.Parameters.Action
	if name == "" {
		if definition.Action != "" {
			return "", unknown("the definition at that commit has an action, and the provenance names none")
		}
		return "", nil
	}
	if _, ok := v.stated.Material(name); !ok && definition.Shipped && name == definition.Action {
		return "", nil // it travels in mkimage
	}
	file, err := v.find(name)
	if err != nil {
		return "", err
	}
	if stat, err := os.Stat(file); err == nil && stat.IsDir() && action.IsGoPackage(file) {
		if err := gobuild.Outside(file, v.treeOf(file)); err != nil {
			return "", unknown("the action %s needs more than its source: %v", name, err)
		}
	}
	if definition.Action != "" && !definition.Shipped && file == definition.Beside(definition.Action) {
		return "", nil
	}
	return file, nil
}

// lockName is the file of the lock, as the statement calls it.
func (v *verification) lockName() string {
	return strings.TrimSuffix(v.stated.Parameters.Definition, ".yaml") + ".lock.json"
}

// lock returns the hash of the lock that the statement names, or "".
func (v *verification) lock() string {
	m, _ := v.stated.Material(v.lockName())
	return m.Digest["sha256"]
}

// locked reports whether the build goes by the lock. That of a definition that mkimage brings is in the working directory,
// if it is anywhere.
func (v *verification) locked(definition images.Definition) (bool, error) {
	if definition.Base != images.Alpine || !definition.Shipped {
		return v.lock() != "", nil
	}
	text, err := os.ReadFile(definition.LockFile())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		v.unlocked = true
		return false, nil
	case err != nil:
		return false, err
	case provenance.File("", text).Digest["sha256"] != v.lock():
		return false, unknown("the lock %s here is not the one of its provenance: run this in another folder", definition.LockFile())
	}
	return true, nil
}
