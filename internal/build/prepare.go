package build

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// restrict leaves the wanted platforms in every definition.
func restrict(definitions []images.Definition, wanted []images.Platform) ([]images.Definition, error) {
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

// prepare makes what all images share: the proxy for every platform.
func (r *run) prepare(ctx context.Context, platforms []images.Platform) error {
	if r.Proxy != "" {
		return r.readProxy(platforms)
	}
	r.inputs = map[string]string{"toolchain": r.Module.Toolchain()}
	r.proxies = map[images.Platform][]byte{}
	var mutex sync.Mutex
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(r.Jobs)
	for _, platform := range platforms {
		group.Go(func() error {
			program, err := r.compile(ctx, platform)
			mutex.Lock()
			defer mutex.Unlock()
			r.proxies[platform] = program
			return err
		})
	}
	return group.Wait()
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
	r.inputs = map[string]string{sizes.InputProxy: fmt.Sprintf("sha256:%x", sha256.Sum256(program))}
	r.Display.Text("the digest depends on " + r.Proxy + ": without --proxy, it depends on the definition and this mkimage alone")
	return nil
}
