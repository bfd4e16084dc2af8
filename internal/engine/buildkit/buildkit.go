// Package buildkit is the engine that hands the work to BuildKit daemons, the builders.
//
//	engine, err := buildkit.New(buildkit.Options{Builders: []string{"tcp://builder:1234"}, TLS: tls, Images: names})
//	defer engine.Close()
//	index, err := engine.Build(ctx, plans)
//
// The layers of a plan go to the builder by content, each digest at most once, and the builder merges them. The result
// has the digest of the embedded engine: the documents are compared, and a builder that writes others is refused.
// Images are spread over several builders; an image goes on to the next builder when one is lost.
package buildkit

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/page"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
)

// Options are the builders and their settings.
type Options struct {
	Builders []string // addresses, see [CheckAddress]
	TLS      TLS      // of tcp:// addresses
	Images   []string // the names of all images to build, which are spread over the builders

	// Push returns the repositories that the builder pushes an image to, by digest; the caller sets tags. The builder
	// has the login of Keychain during the build. May be nil.
	Push     func(image string) []string
	Keychain authn.Keychain
	Insecure bool // registries may be asked in plain http

	// Registry reaches the repositories of Push, which may have layers that a builder needs for a step. May be nil.
	Registry *registry.Client

	CacheTo, CacheFrom []Cache // caches for the layers of steps

	Store    string            // a folder for the builders' blobs; "" is a new one, which Close removes
	Contents cache.Dir         // keeps the content of the builders' layers
	Display  *progress.Display // shows the builders' work; may be nil
	Patience time.Duration     // how long a builder may take to answer first; 0 is 10 seconds
}

// Engine is the engine. It may be used from several goroutines.
type Engine struct {
	options  Options
	builders []*builder // in the order of Options.Builders
	spread   map[string][]string
	store    *disk
	display  *display
}

// New returns an engine. It does not connect to builders.
func New(options Options) (*Engine, error) {
	if len(options.Builders) == 0 {
		return nil, errors.New("no builder is named")
	}
	if options.Patience == 0 {
		options.Patience = 10 * time.Second
	}
	if err := options.TLS.read(); err != nil {
		return nil, err
	}
	e := &Engine{options: options, spread: spread(options.Images, options.Builders)}
	for i, address := range options.Builders {
		if err := CheckAddress(address, options.TLS); err != nil {
			return nil, err
		}
		if slices.Contains(options.Builders[:i], address) {
			return nil, fmt.Errorf("builder %s is named twice", address)
		}
		e.builders = append(e.builders, &builder{address: address, tls: options.TLS, patience: options.Patience})
	}
	e.display = newDisplay(options.Display)
	var err error
	if e.store, err = openDisk(options.Store); err != nil {
		return nil, err
	}
	return e, nil
}

// Close closes all connections. After several images it shows how many each builder has built.
func (e *Engine) Close() error {
	var failures []error
	for _, b := range e.builders {
		if built := b.work.String(); built != "" && len(e.options.Images) > 1 {
			e.display.Text(b.address + ": " + built)
		}
		failures = append(failures, b.close())
	}
	e.store.discard()
	return errors.Join(failures...)
}

// Build returns an index with an image for each plan of one image, in their order.
func (e *Engine) Build(ctx context.Context, plans []plan.Image) (v1.ImageIndex, error) {
	if len(plans) == 0 {
		return nil, errors.New("build an index: no plan")
	}
	name := plans[0].Name
	failures := map[*builder]*lostError{}
	for queue, returned := e.order(name), false; len(queue) > 0; {
		b := queue[0]
		queue = queue[1:]
		index, err := e.buildOn(ctx, b, plans, failures[b] != nil && failures[b].unsure)
		var lost *lostError
		switch {
		case err == nil:
			return index, nil
		case ctx.Err() != nil:
			return nil, fmt.Errorf("build %s: %w", name, ctx.Err())
		case !errors.As(err, &lost):
			return nil, fmt.Errorf("build %s on %s: %w", name, b.address, err)
		}
		failures[b] = lost
		e.report(name, b, lost)
		if lost.unsure {
			queue = append(queue, b) // after the others
		}
		if len(queue) == 0 && !returned {
			queue, returned = e.awaitLost(ctx, name, failures), true
		}
	}
	if all := e.lost(); all != nil { // each image gets the same reasons
		return nil, &engine.LostError{Image: name, Reason: e.noneLeft(all)}
	}
	var all []string
	for _, b := range e.order(name) {
		all = append(all, b.address+": "+failures[b].Error())
	}
	return nil, fmt.Errorf("build %s: %w", name, e.noneLeft(all))
}

// report shows why an image goes on to another builder.
func (e *Engine) report(image string, b *builder, lost *lostError) {
	gone, reported := b.isLost(lost)
	switch {
	case lost.unsure && len(e.builders) > 1:
		e.display.Text(image + ": builder " + b.address + ": " + lost.Error())
	case lost.unsure:
	case !gone:
		e.display.Text(image + ": not built by builder " + b.address + ": " + lost.Error())
	case !reported:
		e.display.Text("builder " + b.address + " is lost: " + lost.Error())
	}
}

// noneLeft returns the error for an image without a builder. Each failure is a builder with its reason.
func (e *Engine) noneLeft(failures []string) error {
	switch {
	case len(failures) > 1:
		return fmt.Errorf("none of %d builders is left: %s", len(failures), strings.Join(failures, "; "))
	case e.builders[0].wasReached():
		return errors.New("builder " + failures[0])
	}
	return fmt.Errorf("no builder can be reached at %s; %s says how one is started", failures[0], page.BuildKit)
}

// lost returns all builders with the reasons why they are not used any more, or nil while one is left.
func (e *Engine) lost() []string {
	var lost []string
	for _, b := range e.builders {
		reason := b.gone()
		if reason == nil {
			return nil
		}
		lost = append(lost, b.address+": "+reason.Error())
	}
	return lost
}

// order returns the builders in the order in which an image tries them.
func (e *Engine) order(image string) []*builder {
	addresses, ok := e.spread[image]
	if !ok {
		addresses = rank(image, e.options.Builders)
	}
	builders := slices.Clone(e.builders)
	slices.SortFunc(builders, func(a, b *builder) int {
		return slices.Index(addresses, a.address) - slices.Index(addresses, b.address)
	})
	return builders
}
