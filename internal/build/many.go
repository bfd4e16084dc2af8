package build

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine"
)

// writers is the number of images that are written to their outputs for each one that is built at the same time:
// building is work, and writing to a registry is mostly waiting.
const writers = 4

// few is the number of images up to which every step is shown.
const few = 20

// images builds every definition. Up to Jobs images are built at the same time, while finished ones are written. A
// build that waits for a writer keeps its slot, so that only a few images are in memory. An image that failed only
// because another one had failed first is not in the error.
func (r *run) images(ctx context.Context, definitions []images.Definition) ([]Result, error) {
	results := make([]*Result, len(definitions))
	failures := make([]error, len(definitions))
	shared, stop := context.WithCancel(ctx)
	defer stop()
	building, writing := make(chan struct{}, r.jobs), make(chan struct{}, writers*r.jobs)
	count := func(error) {}
	if len(definitions) > few {
		count = r.Display.Count("images", len(definitions))
	}
	var group sync.WaitGroup
	for i, definition := range definitions {
		building <- struct{}{}
		if shared.Err() != nil {
			break
		}
		group.Go(func() {
			held := building
			defer func() { <-held }()
			made, err := r.assemble(shared, definition)
			var result Result
			if err == nil {
				writing <- struct{}{}
				<-building
				held = writing
				result, err = r.write(shared, made)
			}
			if missing := (*UnattachedError)(nil); err == nil || errors.As(err, &missing) {
				results[i] = &result
			}
			switch {
			case err == nil:
			case ctx.Err() == nil && errors.Is(err, context.Canceled):
				return // another one has failed
			default:
				failures[i] = err
				if r.FailFast {
					stop()
				}
			}
			count(err)
		})
	}
	group.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var built []Result
	for _, result := range slices.DeleteFunc(results, func(result *Result) bool { return result == nil }) {
		built = append(built, *result)
	}
	return built, errors.Join(together(failures)...)
}

// together merges the failures whose reason is that the engine is lost: it is the same for all of those images.
func together(failures []error) []error {
	var lost []*engine.LostError
	failures = slices.DeleteFunc(failures, func(err error) bool {
		var one *engine.LostError
		if errors.As(err, &one) {
			lost = append(lost, one)
		}
		return one != nil
	})
	switch len(lost) {
	case 0:
		return failures
	case 1:
		return append(failures, lost[0])
	}
	return append(failures, fmt.Errorf("build %s and %d more: %w", lost[0].Image, len(lost)-1, lost[0].Reason))
}
