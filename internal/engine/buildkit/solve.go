package buildkit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/containerd/containerd/v2/core/content"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/session"
	"golang.org/x/sync/errgroup"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/embedded"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
)

// buildOn builds an image on one builder. The error is a [lostError] if another one may succeed. With try, the builder
// also gets steps of a platform that it does not list.
func (e *Engine) buildOn(ctx context.Context, b *builder, plans []plan.Image, try bool) (v1.ImageIndex, error) {
	c, err := b.connect(ctx)
	if err != nil {
		return nil, err
	}
	watched, cancel := context.WithCancelCause(ctx)
	var watcher sync.WaitGroup
	watcher.Go(func() { b.watch(watched, c, cancel) })
	s := &solve{engine: e, builder: b, plans: plans, try: try, offer: newOffer(e.store), log: newStepLog(), step: e.display.Start(plans[0].Name + ": build on " + b.address)}
	s.near = nearby{e.options.Registry, s.repositories(), e.options.Insecure}
	response, err := s.run(watched, c)
	gone := context.Cause(watched)
	cancel(nil)
	watcher.Wait()
	var lost *lostError
	var index v1.ImageIndex
	switch {
	case err != nil && errors.As(gone, &lost):
		err = lost
	case err != nil:
		err = b.judge(ctx, c, err)
	default:
		index, err = s.product(ctx, response)
	}
	if err != nil {
		s.step.Cancel() // the caller shows the reason, or goes on elsewhere
		return nil, err
	}
	layers, size := s.offer.sent()
	b.work.add(len(s.offer.layers), layers, size)
	return index, s.step.End(sent(layers, len(s.offer.layers), size), nil)
}

// solve is the build of one image on one builder.
type solve struct {
	engine  *Engine
	builder *builder
	plans   []plan.Image
	offer   *offer
	near    nearby
	took    atomic.Bool // layers are taken from there
	log     *stepLog
	step    *progress.Step // as it is shown
	try     bool           // build although the builder may be unable to
	refused error          // why it did not get the work
}

func (s *solve) name() string { return s.plans[0].Name }

// steps reports whether the builder makes layers.
func (s *solve) steps() bool { return len(s.plans[0].Runs) > 0 }

// run builds the image. If the builder cannot get layers from the registry, it is built again with layers from here.
func (s *solve) run(ctx context.Context, c *client.Client) (*client.SolveResponse, error) {
	response, err := s.attempt(ctx, c)
	if s.took.Load() && worthRepeating(ctx, err) {
		s.near = nearby{}
		s.engine.display.Text(fmt.Sprintf("%s: built again, with layers from here: %s", s.name(), reason(err)))
		return s.attempt(ctx, c)
	}
	return response, err
}

// attempt sends the work to the builder and waits for it.
func (s *solve) attempt(ctx context.Context, c *client.Client) (*client.SolveResponse, error) {
	options := client.SolveOpt{
		OCIStores:     map[string]content.Store{storeName: s.offer},
		Exports:       s.exports(),
		FrontendAttrs: map[string]string{}, // the client adds the caches to import
		Session:       []session.Attachable{logins{s.engine.options.Keychain}},
	}
	secrets, err := secretsOf(s.plans[0])
	if err != nil {
		return nil, err
	}
	if secrets != nil {
		options.Session = append(options.Session, secrets)
	}
	s.addCaches(&options)
	shown := s.engine.display.follow(s)
	response, err := c.Build(ctx, options, "mkimage", s.build, s.log.listen(shown.statuses))
	<-shown.done
	if s.refused != nil { // errors lose their type on the wire
		return nil, s.refused
	}
	return response, s.log.explain(err)
}

// exports returns the places of the result: the registries, by digest, and this side if they lack something that it
// needs.
func (s *solve) exports() []client.ExportEntry {
	attributes := map[string]string{
		"oci-mediatypes":    "true",
		"source-date-epoch": fmt.Sprint(s.plans[0].Created.Unix()),
	}
	for _, image := range s.plans {
		for key, value := range image.Annotations {
			id := engine.Platform(image.Platform)
			attributes[exptypes.AnnotationManifestKey(&id, key)] = value
			attributes[exptypes.AnnotationIndexKey(key)] = value
		}
	}
	var exports []client.ExportEntry
	if repositories := s.repositories(); len(repositories) > 0 {
		push := map[string]string{"name": strings.Join(repositories, ","), "push": "true", "push-by-digest": "true"}
		if s.engine.options.Insecure {
			push["registry.insecure"] = "true"
		}
		for key, value := range attributes {
			push[key] = value
		}
		exports = append(exports, client.ExportEntry{Type: client.ExporterImage, Attrs: push})
	}
	if len(exports) == 0 || s.steps() {
		attributes["tar"] = "false"
		exports = append(exports, client.ExportEntry{Type: client.ExporterOCI, Attrs: attributes, OutputStore: s.offer})
	}
	return exports
}

func (s *solve) repositories() []string {
	if s.engine.options.Push == nil {
		return nil
	}
	return s.engine.options.Push(s.name())
}

// build defines the image for the builder, with one reference for each platform.
func (s *solve) build(ctx context.Context, c gateway.Client) (*gateway.Result, error) {
	s.refused = s.builder.check(c.BuildOpts())
	if s.refused == nil && !s.try {
		s.refused = listed(c.BuildOpts().Workers, s.plans)
	}
	if s.refused != nil {
		return nil, s.refused
	}
	imports, err := importsOf(c.BuildOpts())
	if err != nil {
		return nil, err
	}
	result := gateway.NewResult()
	var list exptypes.Platforms
	group, ctx := errgroup.WithContext(ctx)
	for _, image := range s.plans {
		id := string(image.Platform)
		config, err := engine.Config(image)
		if err != nil {
			return nil, err
		}
		result.AddMeta(exptypes.ExporterImageConfigKey+"/"+id, config)
		list.Platforms = append(list.Platforms, exptypes.Platform{ID: id, Platform: engine.Platform(image.Platform)})
		group.Go(func() error {
			near := s.near.find(ctx, image)
			if slices.ContainsFunc(near, func(reference string) bool { return reference != "" }) {
				s.took.Store(true)
			}
			definition, err := define(ctx, image, s.offer, near)
			if err != nil {
				return err
			}
			s.log.expect(image, definition)
			solved, err := c.Solve(ctx, gateway.SolveRequest{Definition: definition.ToPB(), CacheImports: imports})
			if err != nil {
				return err
			}
			reference, err := solved.SingleRef()
			result.AddRef(id, reference)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, err
	}
	text, err := json.Marshal(list)
	result.AddMeta(exptypes.ExporterPlatformsKey, text)
	return result, err
}

// product returns the index of the plans and the builder's layers. It must equal the embedded engine's.
func (s *solve) product(ctx context.Context, response *client.SolveResponse) (v1.ImageIndex, error) {
	made := response.ExporterResponse[exptypes.ExporterImageDigestKey]
	plans, err := s.complete(ctx, made)
	if err != nil {
		return nil, err
	}
	index, err := embedded.Engine{}.Build(ctx, plans)
	if err != nil {
		return nil, err
	}
	digest, err := index.Digest()
	if err != nil {
		return nil, err
	}
	if digest.String() != made {
		return nil, &lostError{reason: fmt.Sprintf("it runs BuildKit %s, which writes %s as %s where mkimage writes %s; take a builder with BuildKit %s",
			s.builder.version, s.name(), made, digest, Version)}
	}
	if s.steps() {
		return engine.Stepped{Index: index, Engine: "buildkit", Version: s.builder.version, FromCache: len(s.engine.options.CacheFrom) > 0}, nil
	}
	return index, nil
}
