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
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/embedded"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/provenance"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/referrers"
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
	Attest          Attest
	Version         string // of mkimage, for statements

	Publisher *publish.Publisher // writes to the outputs; may be nil when none of them is a registry

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

// Run builds the images and returns those that succeeded, in the order of the definitions. The error joins those of
// the others, and has an *UnattachedError for each that succeeded but for what had to be attached.
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
		proxies: map[images.Platform]layer.Layer{}, checkouts: map[string]provenance.Checkout{},
	}
	run.Jobs = cmp.Or(options.Jobs, runtime.NumCPU())
	if run.Engine == nil {
		run.Engine = embedded.Engine{}
	}
	if run.Publisher == nil {
		run.Publisher = new(publish.Publisher)
	}
	if run.Publisher.Registry != nil {
		run.attached = referrers.Writer(run.Publisher.Registry)
	}
	if err := run.checkPermission(ctx, definitions); err != nil {
		return nil, err
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
	scratch layer.Layer // the base of images without a distribution, where there are some
	ready   string      // the SHA-256 of the proxy of --proxy, in hexadecimal
	texts   sync.Map    // what was told already

	mutex   sync.Mutex // of proxies
	proxies map[images.Platform]layer.Layer

	attached       *referrers.Registry // nil where nothing is pushed
	checkoutsMutex sync.Mutex
	checkouts      map[string]provenance.Checkout // by folder
}
