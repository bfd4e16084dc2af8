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
	"os"
	"path/filepath"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/build"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layout"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/provenance"
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

// Verdict is the outcome for an image.
type Verdict string

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

// verification is one under way.
type verification struct {
	Options
	stated provenance.Build
	result Result

	trees    []string // folders with the sources, in their order
	unlocked bool     // the lock that the statement names is not here
}

// run builds the image again and compares. The error is the reason for which it cannot be verified.
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
	if err := v.checkFiles(definition, options.Platforms); err != nil {
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
