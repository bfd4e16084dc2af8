package build

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/action"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
)

// Restrict gives every definition the wanted platforms, which it must have, unless it takes any; its own where none is
// wanted.
func Restrict(definitions []images.Definition, wanted []images.Platform) ([]images.Definition, error) {
	if len(wanted) == 0 {
		return definitions, nil
	}
	var mistakes []error
	restricted := slices.Clone(definitions)
	for i, definition := range definitions {
		all := definition.Platforms
		if definition.AnyPlatform {
			all = images.Platforms()
		}
		for _, platform := range wanted {
			if !slices.Contains(all, platform) {
				mistakes = append(mistakes, fmt.Errorf("image %s is not made for %s; its definition %s has %s",
					definition.Name, platform, definition.File, commaList(definition.Platforms)))
			}
		}
		restricted[i].Platforms = slices.DeleteFunc(slices.Clone(all), func(platform images.Platform) bool {
			return !slices.Contains(wanted, platform)
		})
	}
	return restricted, errors.Join(mistakes...)
}

// platformsOf returns every platform that some definition has, sorted.
func platformsOf(definitions []images.Definition) []images.Platform {
	var platforms []images.Platform
	for _, definition := range definitions {
		platforms = append(platforms, definition.Platforms...)
	}
	slices.Sort(platforms)
	return slices.Compact(platforms)
}

func commaList(platforms []images.Platform) string {
	words := make([]string, len(platforms))
	for i, platform := range platforms {
		words[i] = string(platform)
	}
	return strings.Join(words, ", ")
}

// checkPermission asks the registries whether images may be pushed, before time is spent on them.
func (r *run) checkPermission(ctx context.Context, definitions []images.Definition) error {
	if !slices.ContainsFunc(r.Outputs, func(output publish.Output) bool { return output.Type == publish.Registry }) {
		return nil
	}
	names := make([]string, len(definitions))
	for i, definition := range definitions {
		names[i] = definition.Name
	}
	step := r.Display.Start("check the right to push")
	return step.End("", r.publisher.Begin(ctx, r.Outputs, names))
}

// prepare makes the parts that all images share: the base scratch, and the proxy for every platform on which some image
// surely has it.
func (r *run) prepare(ctx context.Context, definitions []images.Definition) error {
	if slices.ContainsFunc(definitions, func(definition images.Definition) bool { return definition.Base == images.Scratch }) {
		var err error
		if r.scratch, err = plan.Scratch(ctx, r.layers); err != nil {
			return err
		}
	}
	if r.Proxy != "" {
		return r.readProxy(ctx, platformsOf(definitions))
	}
	sure := slices.DeleteFunc(slices.Clone(definitions), func(definition images.Definition) bool {
		return definition.Action != "" || len(definition.Entrypoint) > 0
	})
	return r.compileProxies(ctx, platformsOf(sure))
}

// hasProxy reports whether an image has the proxy: neither an entrypoint of its own nor an action that serves itself.
func hasProxy(definition images.Definition, baked action.Baked) bool {
	return len(definition.Entrypoint) == 0 && !baked.Serves
}

// proxiesOf returns the proxies of an image for the platforms on which it has one.
func (r *run) proxiesOf(ctx context.Context, definition images.Definition, actions map[images.Platform]action.Baked) (map[images.Platform]layer.Layer, error) {
	needed := slices.DeleteFunc(slices.Clone(definition.Platforms), func(platform images.Platform) bool { return !hasProxy(definition, actions[platform]) })
	r.mutex.Lock()
	defer r.mutex.Unlock()
	if err := r.compileProxies(ctx, needed); err != nil {
		return nil, err
	}
	return maps.Clone(r.proxies), nil
}

// compileProxies compiles those proxies that are not there yet.
func (r *run) compileProxies(ctx context.Context, platforms []images.Platform) error {
	var mutex sync.Mutex
	made := map[images.Platform]layer.Layer{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(r.jobs)
	for _, platform := range platforms {
		if _, ok := r.proxies[platform]; ok {
			continue
		}
		group.Go(func() error {
			proxy, err := r.compile(ctx, platform)
			mutex.Lock()
			defer mutex.Unlock()
			made[platform] = proxy
			return err
		})
	}
	err := group.Wait()
	if err == nil {
		maps.Copy(r.proxies, made)
	}
	return err
}

func (r *run) compile(ctx context.Context, platform images.Platform) (layer.Layer, error) {
	title := "compile the proxy for "
	if r.Module.Carries(platform) {
		title = "unpack the proxy for "
	}
	step := r.Display.Start(title + string(platform))
	program, err := r.Module.Proxy(ctx, platform)
	if step.End(human.Bytes(int64(len(program))), err) != nil {
		return layer.Layer{}, err
	}
	return plan.Proxy(ctx, r.layers, program)
}

func (r *run) readProxy(ctx context.Context, platforms []images.Platform) error {
	program, err := gobuild.ReadProxy(r.Proxy, platforms)
	if err != nil {
		return err
	}
	if r.proxies[platforms[0]], err = plan.Proxy(ctx, r.layers, program); err != nil {
		return err
	}
	r.ready = fmt.Sprintf("%x", sha256.Sum256(program))
	r.Display.Text("the digest depends on " + r.Proxy + ": without --proxy, it depends on the definition and this mkimage alone")
	return nil
}
