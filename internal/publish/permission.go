package publish

import (
	"context"
	"errors"

	"github.com/google/go-containerregistry/pkg/name"
	"golang.org/x/sync/errgroup"
)

// CheckPermission returns an error unless this login may push these images to the outputs that are registries. It leaves
// nothing there.
func (p *Publisher) CheckPermission(ctx context.Context, outputs []Output, images []string) error {
	return p.atEach(ctx, outputs, images, p.Registry.CheckPush)
}

// Begin is CheckPermission for pushes that follow: it is called before anything is built for them, and sends the config
// that all attachments have.
func (p *Publisher) Begin(ctx context.Context, outputs []Output, images []string) error {
	return p.atEach(ctx, outputs, images, func(ctx context.Context, repository name.Repository) error {
		return p.Registry.Writer(repository).Empty(ctx)
	})
}

// atEach calls a function for every repository that images are pushed to.
func (p *Publisher) atEach(ctx context.Context, outputs []Output, images []string, do func(context.Context, name.Repository) error) error {
	var repositories []name.Repository
	asked := map[name.Repository]bool{}
	for _, output := range outputs {
		for _, image := range images {
			if output.Type != Registry {
				continue
			}
			tag, err := p.Registry.Tag(output.For(image).Ref)
			if err != nil {
				return err
			}
			if !asked[tag.Repository] {
				asked[tag.Repository] = true
				repositories = append(repositories, tag.Repository)
			}
		}
	}
	failures := make([]error, len(repositories))
	group, shared := errgroup.WithContext(ctx)
	group.SetLimit(parallel)
	for i, repository := range repositories {
		group.Go(func() error {
			failures[i] = p.Registry.Explain("push", repository, do(shared, repository))
			return nil
		})
	}
	_ = group.Wait() // every error is in failures
	if err := ctx.Err(); err != nil {
		return err
	}
	return errors.Join(failures...)
}
