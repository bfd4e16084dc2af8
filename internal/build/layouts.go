package build

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sync/errgroup"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/layout"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/referrers"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sbom"
)

// Layouts pushes images in layouts that earlier builds wrote.
type Layouts struct {
	Output     publish.Output // a registry; {name} stands for the name of the layout's folder
	Publisher  *publish.Publisher
	SizeRecord string // the size record; images that it lacks are measured
	SBOM       sbom.Format
	Display    *progress.Display
}

// Find returns the layouts of images, which are given by name or path, and the names of their folders. The error joins
// one for each image that is missing or unreadable. known are the images that can be built.
func Find(images, known []string) (dirs, names []string, err error) {
	var failures []error
	for _, image := range images {
		dir, found := layout.Find(image)
		if !found {
			err := layout.NotHere(image, known)
			if err == nil {
				err = fmt.Errorf("%q is neither an image that was built to dist, nor the folder of one: build it first", image)
			}
			failures = append(failures, err)
			continue
		}
		dir = filepath.Clean(dir) // documents stand beside it, as DIR.spdx.json
		_, err := layout.Read(dir)
		failures = append(failures, err)
		dirs, names = append(dirs, dir), append(names, layout.Name(dir))
	}
	return dirs, names, errors.Join(failures...)
}

// Push pushes the images in these layouts, a few at the same time, and goes on after a failure. It returns the results
// of those that succeeded, in the order of the layouts; the error joins the others' errors.
func (l Layouts) Push(ctx context.Context, dirs ...string) ([]Result, error) {
	attached := referrers.Writer(l.Publisher.Registry)
	results, failures := make([]Result, len(dirs)), make([]error, len(dirs))
	count := func(error) {}
	if len(dirs) > few {
		count = l.Display.Count("images", len(dirs))
	}
	var group errgroup.Group
	group.SetLimit(writers)
	for i, dir := range dirs {
		group.Go(func() error {
			results[i], failures[i] = l.push(ctx, dir, attached)
			count(failures[i])
			return nil
		})
	}
	_ = group.Wait() // every error is in failures
	var pushed []Result
	for i, result := range results {
		if failures[i] == nil {
			pushed = append(pushed, result)
		}
	}
	if err := ctx.Err(); err != nil {
		return pushed, err
	}
	return pushed, errors.Join(failures...)
}

func (l Layouts) push(ctx context.Context, dir string, attached *referrers.Registry) (Result, error) {
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	image, documents, err := FromLayout(dir, l.SizeRecord, l.SBOM)
	if err != nil {
		return Result{}, err
	}
	step := l.Display.Start(image.Name + ": " + l.Output.For(image.Name).Title())
	written, err := l.Publisher.Write(ctx, l.Output, image, step.Note)
	var outcomes []referrers.Outcome
	if err == nil {
		outcomes, err = attachment{to: attached, index: image.Index, documents: documents, attest: AttestNone}.add(ctx, written, l.Display.Warn)
	}
	if err == nil {
		err = l.Publisher.SetTags(ctx, &written)
	}
	if err := step.End(written.Detail(), err); err != nil {
		return Result{}, err
	}
	return Result{Name: image.Name, Digest: written.Digest, Outputs: []publish.Result{written}, Attachments: outcomes}, nil
}
