// Package build runs a whole build: definitions to plans, images, outputs and the size record.
//
//	results, err := build.Run(ctx, definitions, build.Options{Programs: programs, Delivery: delivery, Display: display})
//
// Images are built at the same time, up to Options.Jobs of them. One that fails does not keep the others from being
// built, unless Options.FailFast says so.
package build

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"sync"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/embedded"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/provenance"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/referrers"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// Result is an image that was built and written to all outputs.
type Result struct {
	Name    string           `json:"name"`
	Digest  string           `json:"digest"` // of the index, as "sha256:…"
	Sizes   []sizes.Image    `json:"platforms"`
	Outputs []publish.Result `json:"outputs"`

	Attachments []referrers.Outcome `json:"attachments,omitempty"` // of all outputs that are registries
}

// References returns the digest references to print: those of registries, or else NAME@DIGEST.
func (r Result) References() []string {
	var references []string
	for _, output := range r.Outputs {
		if output.Type == publish.Registry && !slices.Contains(references, output.Reference) {
			references = append(references, output.Reference)
		}
	}
	if len(references) == 0 {
		references = append(references, r.Name+"@"+r.Digest)
	}
	return references
}

// Run builds the images and returns those that succeeded, in the order of the definitions. The error joins the errors
// of the others, and an *UnattachedError for each image that was pushed without all its attachments.
func Run(ctx context.Context, definitions []images.Definition, options Options) ([]Result, error) {
	definitions, err := Restrict(definitions, options.Platforms)
	if err != nil {
		return nil, err
	}
	if options.Action != "" {
		if len(definitions) != 1 {
			return nil, fmt.Errorf("an action is baked into one image, and %d are built: name one", len(definitions))
		}
		definitions = slices.Clone(definitions)
		if definitions[0], err = withAction(definitions[0], options.Action); err != nil {
			return nil, fmt.Errorf("image %s: %w", definitions[0].Name, err)
		}
	}
	r := newRun(options)
	if err := r.checkPermission(ctx, definitions); err != nil {
		return nil, err
	}
	if err := r.prepare(ctx, definitions); err != nil {
		return nil, err
	}
	results, err := r.images(ctx, definitions)
	var rows []sizes.Image
	for _, result := range results {
		rows = append(rows, result.Sizes...)
	}
	if len(rows) > 0 {
		err = errors.Join(err, r.record(rows))
	}
	return results, err
}

// record puts the rows into the size record.
func (r *run) record(rows []sizes.Image) error {
	if !r.Generated {
		_, err := sizes.Add(r.SizeRecord, rows...)
		return err
	}
	broken, err := sizes.Rebuild(r.SizeRecord, rows...)
	if broken != nil && err == nil {
		r.Display.Warn(fmt.Sprintf("%s is written anew: %v", r.SizeRecord, broken))
	}
	return err
}

// run is a build under way: the options, and everything that its images share.
type run struct {
	Options
	engine    engine.Engine
	publisher *publish.Publisher
	jobs      int

	layers  *layer.Maker
	scratch layer.Layer // the base of images without a distribution, where there are some
	ready   string      // the SHA-256 of the proxy of --proxy, in hexadecimal
	texts   sync.Map    // the messages that were shown

	mutex   sync.Mutex // of proxies
	proxies map[images.Platform]layer.Layer

	attached       *referrers.Registry // nil where nothing is pushed
	checkoutsMutex sync.Mutex
	checkouts      map[string]provenance.Checkout // by folder
}

func newRun(options Options) *run {
	r := &run{
		Options: options, engine: options.Engine, publisher: options.Publisher, jobs: cmp.Or(options.Jobs, runtime.NumCPU()),
		layers: layer.NewMaker(options.Epoch, options.Cache), proxies: map[images.Platform]layer.Layer{}, checkouts: map[string]provenance.Checkout{},
	}
	if r.engine == nil {
		r.engine = embedded.Engine{}
	}
	if r.publisher == nil {
		r.publisher = new(publish.Publisher)
	}
	if r.publisher.Registry != nil {
		r.attached = referrers.Writer(r.publisher.Registry)
	}
	return r
}
