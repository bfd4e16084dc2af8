package build

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
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

// Find returns the layouts of images by their names or paths, and the names of their folders. The error joins an error
// for each image that is missing or unreadable. known are the images that can be built.
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
	index, err := layout.Read(dir)
	if err != nil {
		return Result{}, err
	}
	name := layout.Name(dir)
	var documents []referrers.Document
	var failed error
	var making sync.WaitGroup
	making.Go(func() { documents, failed = l.documents(dir, name, index) }) // while the layers are sent
	step := l.Display.Start(name + ": " + l.Output.For(name).Title())
	written, err := l.Publisher.Write(ctx, l.Output, publish.Image{Name: name, Index: index}, step.Note)
	making.Wait()
	var outcomes []referrers.Outcome
	if err == nil {
		outcomes, err = l.attach(ctx, attached, index, written, documents, failed)
	}
	if err == nil {
		err = l.Publisher.SetTags(ctx, &written)
	}
	if err := step.End(written.Detail(), err); err != nil {
		return Result{}, err
	}
	return Result{Name: name, Digest: written.Digest, Outputs: []publish.Result{written}, Attachments: outcomes}, nil
}

// attach attaches documents to a pushed image. It warns of those that cannot be attached; failed says why there are
// none.
func (l Layouts) attach(ctx context.Context, to *referrers.Registry, index v1.ImageIndex, pushed publish.Result, documents []referrers.Document, failed error) ([]referrers.Outcome, error) {
	a, err := attachTo(ctx, to, index, pushed)
	if err != nil {
		return nil, err
	}
	a.take(referrers.Sizes, failed, documents...)
	return a.addOrWarn(ctx, l.Display)
}
