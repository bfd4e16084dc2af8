package build

import (
	"context"
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
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// Restrict leaves the wanted platforms in every definition; all of them where none is wanted.
func Restrict(definitions []images.Definition, wanted []images.Platform) ([]images.Definition, error) {
	if len(wanted) == 0 {
		return definitions, nil
	}
	var mistakes []error
	restricted := slices.Clone(definitions)
	for i, definition := range definitions {
		for _, platform := range wanted {
			if !slices.Contains(definition.Platforms, platform) {
				mistakes = append(mistakes, fmt.Errorf("image %s is not made for %s; its definition %s has %s",
					definition.Name, platform, definition.File, list(definition.Platforms)))
			}
		}
		restricted[i].Platforms = slices.DeleteFunc(slices.Clone(definition.Platforms), func(platform images.Platform) bool {
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

func list(platforms []images.Platform) string {
	words := make([]string, len(platforms))
	for i, platform := range platforms {
		words[i] = string(platform)
	}
	return strings.Join(words, ", ")
}

// prepare makes what all images share: the proxy for every platform of an image that has it for sure.
func (r *run) prepare(ctx context.Context, definitions []images.Definition) error {
	if r.Proxy != "" {
		return r.readProxy(platformsOf(definitions))
	}
	sure := slices.DeleteFunc(slices.Clone(definitions), func(definition images.Definition) bool { return definition.Action != "" })
	return r.compileProxies(ctx, platformsOf(sure))
}

// proxiesOf returns the proxies for the platforms whose action does not serve itself.
func (r *run) proxiesOf(ctx context.Context, platforms []images.Platform, actions map[images.Platform]action.Baked) (map[images.Platform][]byte, error) {
	needed := slices.DeleteFunc(slices.Clone(platforms), func(platform images.Platform) bool { return actions[platform].Serves })
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
	made := map[images.Platform][]byte{}
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(r.Jobs)
	for _, platform := range platforms {
		if r.proxies[platform] != nil {
			continue
		}
		group.Go(func() error {
			program, err := r.compile(ctx, platform)
			mutex.Lock()
			defer mutex.Unlock()
			made[platform] = program
			return err
		})
	}
	err := group.Wait()
	if err == nil {
		maps.Copy(r.proxies, made)
	}
	return err
}

func (r *run) compile(ctx context.Context, platform images.Platform) ([]byte, error) {
	step := r.Display.Start("compile the proxy for " + string(platform))
	program, err := r.Module.Proxy(ctx, platform)
	return program, step.End(sizes.Format(int64(len(program))), err)
}

func (r *run) readProxy(platforms []images.Platform) error {
	program, err := gobuild.ReadProxy(r.Proxy, platforms)
	if err != nil {
		return err
	}
	r.proxies = map[images.Platform][]byte{platforms[0]: program}
	r.Display.Text("the digest depends on " + r.Proxy + ": without --proxy, it depends on the definition and this mkimage alone")
	return nil
}
