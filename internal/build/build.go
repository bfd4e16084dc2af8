// Package build runs a whole build: definitions to plans, images, outputs and the size record.
//
//	results, err := build.Run(ctx, definitions, build.Options{Outputs: outputs, Source: source, Display: display})
//
// Images are built at the same time, up to Options.Jobs of them. One that fails does not keep the others from being
// built, unless Options.FailFast says so.
package build

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"sync"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/attach"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/embedded"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/provenance"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sbom"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"
)

// Options says how images are built and where they go.
type Options struct {
	Platforms       []images.Platform // what to build of the definitions' platforms; all of them when it is empty
	Outputs         []publish.Output
	Engine          engine.Engine   // what puts images together; nil is the embedded one
	Module          *gobuild.Module // what the proxy is compiled from
	Proxy           string          // a ready proxy, or ""
	Action          string          // what to bake into the one image that is built, or ""
	GoTags          string          // build tags of Go actions
	GoLDFlags       string          // what the linker of Go actions is given beside "-s -w"
	Cache           cache.Dir
	Epoch           time.Time // the time that is in images
	Jobs            int       // images and programs that are made at the same time; 0 means one for each processor
	FailFast        bool      // the first failure ends the build
	AllowOverBudget bool
	SizeRecord      string // the file that the sizes are put into
	SBOM            sbom.Format
	Display         *progress.Display
	Client          *registry.Client // what reaches registries
	Attest          Attest
	Version         string // of mkimage, for statements

	Stemcells stemcells.Set
	Alpine    *apkfs.Source // where packages come from
	Release   string        // the Alpine release to take in place of the definitions'; "" is theirs
	Locked    bool          // packages are those of the lock, and nothing else
}

// Result is an image that was built and written to all outputs.
type Result struct {
	Name    string           `json:"name"`
	Digest  string           `json:"digest"` // of the index, as "sha256:…"
	Sizes   []sizes.Image    `json:"platforms"`
	Outputs []publish.Result `json:"outputs"`
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

// Run builds the images and returns those that succeeded, in the order of the definitions. The error joins those of
// the others.
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
		definitions[0].Action = options.Action
	}
	run := &run{
		Options: options, layers: layer.NewMaker(options.Epoch, options.Cache),
		proxies: map[images.Platform][]byte{}, checkouts: map[string]provenance.Checkout{},
	}
	if options.Client != nil {
		run.attached = attach.New(options.Client)
	}
	run.Jobs = cmp.Or(options.Jobs, runtime.NumCPU())
	if run.Engine == nil {
		run.Engine = embedded.Engine{}
	}
	if err := run.prepare(ctx, definitions); err != nil {
		return nil, err
	}
	results, err := run.images(ctx, definitions)
	var rows []sizes.Image
	for _, result := range results {
		rows = append(rows, result.Sizes...)
	}
	if len(rows) > 0 {
		_, recordErr := sizes.Add(options.SizeRecord, rows...)
		err = errors.Join(err, recordErr)
	}
	return results, err
}

// run is a build under way: the options and what all its images share.
type run struct {
	Options
	layers  *layer.Maker
	mutex   sync.Mutex // of proxies
	proxies map[images.Platform][]byte

	attached       *attach.Registry // nil without a Client
	checkoutsMutex sync.Mutex
	checkouts      map[string]provenance.Checkout // by folder
}

// assembled is an image that was made, and what is known of it.
type assembled struct {
	definition images.Definition
	in         plan.Inputs
	index      v1.ImageIndex
	rows       []sizes.Image
	document   []byte // its SBOM, or nil
}

// images builds every definition. What fails because another one has failed first is not in the error.
func (r *run) images(ctx context.Context, definitions []images.Definition) ([]Result, error) {
	results := make([]*Result, len(definitions))
	failures := make([]error, len(definitions))
	group, shared := errgroup.WithContext(ctx)
	group.SetLimit(r.Jobs)
	for i, definition := range definitions {
		group.Go(func() error {
			if shared.Err() != nil {
				return nil
			}
			result, err := r.image(shared, definition)
			if err == nil {
				results[i] = &result
			} else if ctx.Err() != nil || !errors.Is(err, context.Canceled) {
				failures[i] = err
			}
			if r.FailFast {
				return err
			}
			return nil
		})
	}
	_ = group.Wait() // every error is in failures
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var built []Result
	for _, result := range results {
		if result != nil {
			built = append(built, *result)
		}
	}
	return built, errors.Join(failures...)
}

// image makes one image and writes it everywhere.
func (r *run) image(ctx context.Context, definition images.Definition) (Result, error) {
	made, err := r.assemble(ctx, definition)
	if err != nil {
		return Result{}, err
	}
	digest, err := made.index.Digest()
	if err != nil {
		return Result{}, err
	}
	if made.document, err = r.list(definition.Name, made.index); err != nil {
		return Result{}, err
	}
	result := Result{Name: definition.Name, Digest: digest.String(), Sizes: made.rows}
	for _, output := range r.Outputs {
		step := r.Display.Start(definition.Name + ": " + output.For(definition.Name).Title())
		written, err := publish.Write(ctx, output, definition.Name, made.index)
		if err == nil {
			err = writeList(&written, made.document)
		}
		if err == nil {
			err = r.attach(ctx, &written, made)
		}
		if step.End("", err) != nil {
			return Result{}, err
		}
		result.Outputs = append(result.Outputs, written)
	}
	return result, nil
}

// assemble makes the image of every platform and measures it.
func (r *run) assemble(ctx context.Context, definition images.Definition) (assembled, error) {
	step := r.Display.Start(definition.Name + ": build the image")
	made, err := r.measured(ctx, definition)
	return made, step.End("", err)
}

func (r *run) measured(ctx context.Context, definition images.Definition) (assembled, error) {
	made := assembled{definition: definition}
	var err error
	if made.in, err = r.gather(ctx, definition); err != nil {
		return made, err
	}
	plans, err := plan.Make(ctx, definition, made.in)
	if err != nil {
		return made, err
	}
	if !r.AllowOverBudget {
		if err := plan.CheckBudget(plans); err != nil {
			return made, err
		}
	}
	if made.index, err = r.Engine.Build(ctx, plans); err != nil {
		return made, err
	}
	made.rows, err = r.measure(ctx, definition, made.index, made.in)
	return made, err
}

// gather makes what the image is planned from: packages, action and proxies.
func (r *run) gather(ctx context.Context, definition images.Definition) (plan.Inputs, error) {
	in := plan.Inputs{Epoch: r.Epoch, Layers: r.layers}
	var err error
	if in.Stemcells, err = r.Stemcells.Pick(definition.Stemcells); err != nil {
		return in, fmt.Errorf("image %s (%s): %w", definition.Name, definition.File, err)
	}
	if in.Alpine, err = r.packages(ctx, definition, in.Stemcells); err != nil {
		return in, fmt.Errorf("image %s: %w", definition.Name, err)
	}
	if in.Actions, err = r.bake(ctx, definition, in); err != nil {
		return in, err
	}
	in.Proxies, err = r.proxiesOf(ctx, definition.Platforms, in.Actions)
	return in, err
}

func (r *run) measure(ctx context.Context, definition images.Definition, index v1.ImageIndex, in plan.Inputs) ([]sizes.Image, error) {
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var rows []sizes.Image
	for _, descriptor := range manifest.Manifests {
		img, err := index.Image(descriptor.Digest)
		if err != nil {
			return nil, err
		}
		platform := descriptor.Platform.OS + "/" + descriptor.Platform.Architecture
		inputs, err := r.inputs(img, in.Actions[images.Platform(platform)])
		if err != nil {
			return nil, err
		}
		maps.Copy(inputs, r.foreign(definition, in.Alpine[images.Platform(platform)].Pins))
		row, err := sizes.Measure(definition.Name, platform, img, inputs)
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, ctx.Err()
}
