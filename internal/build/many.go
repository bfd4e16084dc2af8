package build

import (
	"context"
	"errors"
	"slices"
	"sync"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
)

// writers is how many images are written to their outputs for each that is built at the same time: building is work,
// while a registry makes one wait.
const writers = 4

// few is how many images are shown step by step.
const few = 20

// images builds every definition: up to Jobs images are built at the same time, and those that are built are written
// beside. An image that cannot be written yet is not left for the next one, so that few are held in memory. What fails
// because another one has failed first is not in the error.
func (r *run) images(ctx context.Context, definitions []images.Definition) ([]Result, error) {
	results := make([]*Result, len(definitions))
	failures := make([]error, len(definitions))
	shared, stop := context.WithCancel(ctx)
	defer stop()
	building, writing := make(chan struct{}, r.Jobs), make(chan struct{}, writers*r.Jobs)
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
			switch {
			case err == nil:
				results[i] = &result
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
	return built, errors.Join(failures...)
}
