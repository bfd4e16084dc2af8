package build

import (
	"context"
	"fmt"
	"path"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/action"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// bake makes the action of an image for every platform, or none for an image without an action. It also returns the
// action's files by name if provenance will list them.
func (r *run) bake(ctx context.Context, definition images.Definition, grounds map[images.Platform]plan.Ground) (
	actions map[images.Platform]action.Baked, from map[string][]byte, err error) {
	if definition.Action == "" {
		return nil, nil, nil
	}
	source, err := r.source(definition)
	if err == nil && r.states() {
		from, err = source.Contents(ctx, definition.Platforms)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("image %s: action %s: %w", definition.Name, definition.Action, err)
	}
	actions = map[images.Platform]action.Baked{}
	var mutex sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(r.jobs)
	for _, platform := range definition.Platforms {
		group.Go(func() error {
			baked, err := r.bakeFor(ctx, definition, source, platform, grounds[platform].Tree())
			mutex.Lock()
			defer mutex.Unlock()
			actions[platform] = baked
			return err
		})
	}
	return actions, from, group.Wait()
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
	if err == nil && definition.Main != "" && !baked.Function {
		err = fmt.Errorf("main: %s names a function, and %s is a program, which has none to choose from: leave main out", definition.Main, definition.Action)
	}
	if err != nil {
		return action.Baked{}, step.End("", fmt.Errorf("image %s: %w", definition.Name, err))
	}
	return baked, step.End(human.Bytes(baked.Size()), nil)
}

// source returns the source of a definition's action.
func (r *run) source(definition images.Definition) (*action.Source, error) {
	options := action.Options{Tags: r.GoTags, LDFlags: r.GoLDFlags, Store: r.Cache, Module: r.Module, Stemcells: r.Stemcells, AllowSecrets: r.AllowSecrets}
	if r.Module != nil {
		options.Toolchain = r.Module.Toolchain()
	}
	place := r.place(definition)
	if place == "" {
		return action.Shipped(path.Join(path.Dir(definition.File), definition.Action), options), nil
	}
	return action.Open(place, options)
}

// inputs returns the inputs of an image beside its definition.
func (r *run) inputs(definition images.Definition, planned plan.Image, baked action.Baked) (map[string]string, error) {
	inputs := map[string]string{}
	proxy := hasProxy(definition, baked)
	if baked.Compiled || proxy && r.Proxy == "" {
		inputs["toolchain"] = r.Module.Toolchain()
	}
	if proxy && r.Proxy != "" {
		inputs[sizes.InputProxy] = "sha256:" + r.ready
	}
	if r.Action == "" {
		return inputs, nil
	}
	content, err := planned.Action.DiffID()
	inputs[sizes.InputAction] = content.String()
	return inputs, err
}
