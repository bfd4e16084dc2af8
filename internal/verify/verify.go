// Package verify proves where an image is from, by building it again from the source that its provenance names.
//
//	result, err := verify.Image(ctx, verify.Pushed{Reference: text, Index: index, Statements: statements}, options)
//
// Nothing in a statement is believed. It only tells what to fetch and how to build; the digest of what comes out decides.
package verify

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/action"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/build"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layout"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/provenance"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sbom"
	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"
)

// Pushed is an image to verify.
type Pushed struct {
	Reference  string // as users write it
	Index      v1.ImageIndex
	Statements []provenance.Build // all that are attached and have the form of mkimage's
}

// Options say what is demanded, and how to build.
type Options struct {
	Repository   string        // the source has to be this repository; "" is any
	Commit       string        // or the beginning of a commit id; "" is any
	Source       string        // a folder with a clone of the repository, to take the commit from; "" fetches it
	RunSteps     bool          // steps of foreign definitions may be run
	AnyMkimage   bool          // build also if another mkimage has built
	StemcellsDir string        // of the user, or ""
	Build        build.Options // Packages, Programs, Cache, Display; the statement decides about the rest
	// Engine returns the engine for an image with steps.
	Engine func(options build.Options, name string) (build.Options, func() error, error)
	// Tell is called once, before anything is fetched, with what the statement says.
	Tell func(Result)
}

// Verdict is what came out.
type Verdict string

// The verdicts.
const (
	Equal     Verdict = "equal"
	Different Verdict = "different"
	Unknown   Verdict = "unknown" // it cannot be verified
)

// Result is what is known of an image afterwards.
type Result struct {
	Reference  string      `json:"reference"`
	Digest     string      `json:"digest"` // of the index
	Verdict    Verdict     `json:"verdict"`
	Reason     string      `json:"reason,omitempty"`     // of Unknown
	Repository string      `json:"repository,omitempty"` // of the source, as the statement names it
	Commit     string      `json:"commit,omitempty"`
	Definition string      `json:"definition,omitempty"` // in the repository
	Mkimage    string      `json:"mkimage,omitempty"`    // that has built
	Rebuilt    string      `json:"rebuilt,omitempty"`    // the digest of what was built again
	Difference *Difference `json:"difference,omitempty"` // the first one
}

// UnknownError is the reason for which an image cannot be verified.
type UnknownError struct{ Reason string }

func (e *UnknownError) Error() string { return e.Reason }

func unknown(format string, args ...any) error { return &UnknownError{fmt.Sprintf(format, args...)} }

// Image verifies an image. The error is that of a cancelled context alone.
func Image(ctx context.Context, pushed Pushed, options Options) (Result, error) {
	result := Result{Reference: pushed.Reference, Verdict: Unknown}
	digest, err := pushed.Index.Digest()
	if err != nil {
		return result, err
	}
	result.Digest = digest.String()
	stated, err := options.choose(pushed, result.Digest)
	if err == nil {
		v := verification{Options: options, stated: stated, result: result}
		v.describe()
		if options.Tell != nil {
			options.Tell(v.result)
		}
		err = v.run(ctx, pushed.Index)
		result = v.result
		for _, tree := range v.trees {
			if err != nil {
				err = errors.New(strings.ReplaceAll(err.Error(), tree+string(filepath.Separator), ""))
			}
		}
	}
	if ctx.Err() != nil {
		return result, ctx.Err()
	}
	if err != nil {
		result.Verdict, result.Reason = Unknown, strings.ReplaceAll(strings.TrimSpace(err.Error()), "\n", "; ")
	}
	return result, nil
}

// choose returns the statement to go by: the first that names the demanded source.
func (o Options) choose(pushed Pushed, digest string) (provenance.Build, error) {
	about := slices.DeleteFunc(slices.Clone(pushed.Statements), func(s provenance.Build) bool { return s.Digest != digest })
	switch {
	case len(pushed.Statements) == 0:
		return provenance.Build{}, unknown("no provenance of mkimage is attached to it; mkimage build --push attaches one")
	case len(about) == 0:
		return provenance.Build{}, unknown("its provenance is about another image, %s", pushed.Statements[0].Digest)
	case o.Repository == "" && o.Commit == "":
		return about[0], nil
	}
	for _, s := range about {
		if slices.ContainsFunc(sourcesOf(s), o.wanted) {
			return s, nil
		}
	}
	var named []string
	for _, s := range about {
		for _, source := range sourcesOf(s) {
			named = append(named, source.Repository+" at "+source.Commit)
		}
	}
	if named == nil {
		return provenance.Build{}, unknown("its provenance names no repository")
	}
	return provenance.Build{}, unknown("its provenance names another source: %s", strings.Join(named, ", "))
}

// wanted reports whether a source is the demanded one.
func (o Options) wanted(source provenance.Source) bool {
	return (o.Repository == "" || sameRepository(o.Repository, source.Repository)) && strings.HasPrefix(source.Commit, o.Commit)
}

// sameRepository compares two addresses as git hosts do: with or without ".git" and a slash at the end.
func sameRepository(a, b string) bool {
	plain := func(address string) string {
		return strings.TrimSuffix(strings.TrimSuffix(strings.TrimPrefix(address, "git+"), "/"), ".git")
	}
	return plain(a) == plain(b)
}

// sourcesOf returns the sources of an image: those of its user, or else that of mkimage, whose definition it is.
func sourcesOf(s provenance.Build) []provenance.Source {
	if sources := s.Sources(); len(sources) > 0 {
		return sources
	}
	self := s.Mkimage()
	if !shipped(s) {
		return nil
	}
	return []provenance.Source{{Repository: ownRepository, Commit: self.Commit, Modified: self.Modified}}
}

// ownRepository is the address of mkimage's own source.
var ownRepository = strings.TrimSuffix(provenance.Builder, "/cmd/mkimage")

// shipped reports whether the definition of an image travels in mkimage. That is so where no checkout has it, and mkimage
// has one of that name and content.
func shipped(s provenance.Build) bool {
	name := s.Parameters.Image
	if s.Parameters.Definition != "images/"+name+".yaml" || !slices.Contains(images.ShippedNames(), name) {
		return false
	}
	own, err := images.Load(images.Shipped(), nil, name)
	stated, ok := s.Material(s.Parameters.Definition)
	return err == nil && (!ok || stated.Digest["sha256"] == own[0].SHA256)
}

// verification is one under way.
type verification struct {
	Options
	stated provenance.Build
	result Result

	trees    []string // folders with the sources, in their order
	unlocked bool     // the lock that the statement names is not here
}

// describe fills in what the statement says.
func (v *verification) describe() {
	v.result.Definition = v.stated.Parameters.Definition
	v.result.Mkimage = v.stated.Mkimage().String()
	for _, source := range sourcesOf(v.stated) {
		if v.result.Commit == "" {
			v.result.Repository, v.result.Commit = source.Repository, source.Commit
		}
	}
}

func (v *verification) run(ctx context.Context, index v1.ImageIndex) error {
	if err := v.check(); err != nil {
		return err
	}
	work, err := os.MkdirTemp("", "mkimage-verify-")
	if err != nil {
		return err
	}
	defer removeAll(work)
	if err := v.fetch(ctx, work); err != nil {
		return err
	}
	options, err := v.options(work)
	if err != nil {
		return err
	}
	definition, err := v.definition(options.Stemcells.Known())
	if err != nil {
		return err
	}
	if options.Action, err = v.action(definition); err != nil {
		return err
	}
	if options.Locked, err = v.locked(definition); err != nil {
		return err
	}
	closeEngine := func() error { return nil }
	if len(definition.Run) > 0 && v.Engine != nil {
		if options, closeEngine, err = v.Engine(options, definition.Name); err != nil {
			return err
		}
	}
	built, err := build.Run(ctx, []images.Definition{definition}, options)
	if err = errors.Join(err, closeEngine()); err != nil {
		return fmt.Errorf("it cannot be built again: %w", err)
	}
	v.result.Rebuilt = built[0].Digest
	if v.result.Rebuilt == v.result.Digest {
		v.result.Verdict = Equal
		return nil
	}
	again, err := layout.Read(built[0].Outputs[0].Dest)
	if err != nil {
		return err
	}
	first, err := firstDifference(index, again, v.Build.Cache)
	if err != nil {
		return err
	}
	v.result.Difference = first
	if reason := v.excuse(); reason != "" {
		return unknown("%s; what was built again differs: %s", reason, first)
	}
	v.result.Verdict = Different
	return nil
}

// excuse says why another digest proves nothing, or "".
func (v *verification) excuse() string {
	if v.lock() != "" && v.unlocked {
		return "it was built by a lock that is in no repository (" + v.lockName() + "): run this in a folder that has it"
	}
	if v.stated.Parameters.AlpineRelease != "" && v.lock() == "" {
		if moved := v.moved(); moved != "" {
			return moved
		}
	}
	if same, known := v.stated.Mkimage().Is(provenance.This()); !same || !known {
		return "the mkimage that built it is not known to be this one"
	}
	for _, tree := range v.trees {
		if _, err := os.Stat(filepath.Join(tree, ".gitmodules")); err == nil {
			return "its source has submodules, which are not fetched"
		}
	}
	for _, step := range v.stated.Parameters.Steps {
		if step.Network || len(step.Cache) > 0 || len(step.Secrets) > 0 {
			return "its step " + step.Name + " may bring in something else each time (network, cache or secrets)"
		}
	}
	return ""
}

// check returns why nothing is worth building, before anything is fetched.
func (v *verification) check() error {
	s := v.stated
	for _, source := range sourcesOf(s) {
		if source.Modified {
			return unknown("it was built from a tree with changes that are in no commit (%s)", source.Commit)
		}
	}
	same, known := s.Mkimage().Is(provenance.This())
	source, ok := s.Material(provenance.ProxySource)
	if !known && ok && v.Build.Module != nil {
		ours, err := provenance.Files(provenance.ProxySource, "", v.Build.Module.Source())
		if err != nil {
			return err
		}
		same, known = true, ours.Digest["dirHash"] != source.Digest["dirHash"]
		same = !known
	}
	if known && !same && !v.AnyMkimage {
		text := fmt.Sprintf("it was built by %s, and this is %s", s.Mkimage(), provenance.This())
		if from := s.Mkimage().From(); from != "" {
			text += "; the right one: " + from
		}
		return unknown("%s; --any-mkimage builds with this one, and an equal digest proves as much", text)
	}
	switch {
	case s.Parameters.GoLDFlags != "" && v.Build.GoLDFlags == "":
		return unknown("it was built with --go-ldflags, whose value is not in the provenance: give the same")
	case s.Parameters.Proxy != "" && v.Build.Proxy == "":
		return unknown("it was built with a ready proxy: give the same with --proxy FILE")
	case len(s.Parameters.Steps) > 0 && !v.RunSteps:
		return unknown("it has steps, which are programs of its definition: --run-steps runs them, on the builder of --builder")
	case len(s.Parameters.Steps) > 0 && v.Engine == nil:
		return unknown("it has steps, which need a builder: give --builder ADDRESS")
	}
	return nil
}

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
				if m, ok := v.stated.Material(provenance.Stemcell(name)); ok && v.isStemcell(stemcell, m) {
					set[name] = stemcell
				}
			}
		}
	}
	return set, nil
}

// isStemcell reports whether a stemcell is the one that a material names.
func (v *verification) isStemcell(stemcell stemcells.Stemcell, m provenance.Material) bool {
	contents := map[string][]byte{}
	for _, file := range stemcell.Image() {
		contents[file.Path] = file.Content
	}
	ours, err := provenance.Files(m.Name, "", contents)
	return err == nil && ours.Digest["dirHash"] == m.Digest["dirHash"]
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
	if definition.Action != "" && !definition.Shipped && file == filepath.Join(filepath.Dir(definition.File), filepath.FromSlash(definition.Action)) {
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
