package build

import (
	"context"
	"fmt"
	"path"
	"sync"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/action"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// bake makes the action of an image for every platform. It returns nil for an image without one.
func (r *run) bake(ctx context.Context, definition images.Definition, in plan.Inputs) (map[images.Platform]action.Baked, error) {
	if definition.Action == "" {
		return nil, nil
	}
	source, err := r.source(definition)
	if err != nil {
		return nil, fmt.Errorf("image %s: action %s: %w", definition.Name, definition.Action, err)
	}
	actions := map[images.Platform]action.Baked{}
	var mutex sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(r.Jobs)
	for _, platform := range definition.Platforms {
		group.Go(func() error {
			below, err := plan.Below(ctx, definition, in, platform)
			if err != nil {
				return err
			}
			baked, err := r.bakeFor(ctx, definition, source, platform, below)
			mutex.Lock()
			defer mutex.Unlock()
			actions[platform] = baked
			return err
		})
	}
	return actions, group.Wait()
}

func (r *run) bakeFor(ctx context.Context, definition images.Definition, source *action.Source, platform images.Platform, below action.Tree) (action.Baked, error) {
	verb := "bake"
	if source.IsGo() {
		verb = "compile"
	}
	step := r.Display.Start(fmt.Sprintf("%s: %s %s for %s", definition.Name, verb, definition.Action, platform))
	baked, err := source.Bake(ctx, platform, below)
	if err == nil && definition.Env["OW_PROTOCOL"] == "exec" && !baked.Serves {
		err = fmt.Errorf("%s does not link the openwhisk library, which OW_PROTOCOL=exec needs: call openwhisk.Start in main, or take another OW_PROTOCOL", definition.Action)
	}
	if err != nil {
		return action.Baked{}, step.End("", fmt.Errorf("image %s: %w", definition.Name, err))
	}
	var size int64
	for _, file := range baked.Files {
		size += file.Size
	}
	return baked, step.End(sizes.Format(size), nil)
}

// source finds what a definition bakes in.
func (r *run) source(definition images.Definition) (*action.Source, error) {
	options := action.Options{Tags: r.GoTags, LDFlags: r.GoLDFlags, Store: r.Cache, Module: r.Module}
	if r.Module != nil {
		options.Toolchain = r.Module.Toolchain()
	}
	place := r.place(definition)
	if place == "" {
		return action.Shipped(path.Join(path.Dir(definition.File), definition.Action), options), nil
	}
	return action.Open(place, options)
}

// inputs returns what an image was made from, beside its definition.
func (r *run) inputs(img v1.Image, baked action.Baked) (map[string]string, error) {
	inputs := map[string]string{}
	if baked.Compiled || !baked.Serves && r.Proxy == "" {
		inputs["toolchain"] = r.Module.Toolchain()
	}
	if !baked.Serves && r.Proxy != "" {
		inputs[sizes.InputProxy] = r.given
	}
	if r.Action == "" {
		return inputs, nil
	}
	layers, err := img.Layers()
	if err != nil {
		return nil, err
	}
	content, err := layers[len(layers)-1].DiffID() // the action lies on top
	inputs[sizes.InputAction] = content.String()
	return inputs, err
}
