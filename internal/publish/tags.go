package publish

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
)

// contentPrefix is the prefix of content tags.
const contentPrefix = "content-"

// ContentTag returns the tag that every push sets, and that never moves. OpenWhisk drops the digest of a reference, so
// a tag has to stand for the content.
func ContentTag(digest v1.Hash) string { return contentPrefix + digest.Hex[:12] }

// tagsOf returns the tags that an output asks for: the tag of its reference and the others, or latest if there are
// none.
func (p *Publisher) tagsOf(output Output) ([]name.Tag, error) {
	first, err := p.Registry.Tag(output.Ref)
	if err != nil {
		return nil, err
	}
	var tags []name.Tag
	if len(output.Tags) == 0 || strings.HasSuffix(output.Ref, ":"+first.TagStr()) {
		tags = append(tags, first)
	}
	for _, tag := range output.Tags {
		if more := first.Tag(tag); !slices.Contains(tags, more) {
			tags = append(tags, more)
		}
	}
	return tags, nil
}

// CheckTag returns an error for a tag that a push may not be asked to set.
func CheckTag(tag string) error {
	if strings.HasPrefix(tag, contentPrefix) {
		return fmt.Errorf("%s: a push sets the tags that begin with %q itself, and they never move", tag, contentPrefix)
	}
	return registry.CheckTag(tag)
}

// takenError is the error for a tag that names something else and may not be moved.
type takenError struct {
	tag    name.Tag
	names  v1.Hash
	reason string
}

func (e *takenError) Error() string {
	return fmt.Sprintf("%s exists and names %s: %s", e.tag.Name(), e.names, e.reason)
}

// mayMove returns an error if a tag that names a digest may not be set: a content tag never moves, nor does any tag
// with NoOverwrite.
func (p *push) mayMove(i int, names v1.Hash) error {
	switch {
	case names == v1.Hash{} || names == p.digest:
		return nil
	case i == 0:
		return &takenError{p.tags[i], names, "somebody has moved it; delete that tag, or push to another repository"}
	case p.NoOverwrite:
		return &takenError{p.tags[i], names, "choose another tag, or let it move without --no-overwrite"}
	}
	return nil
}

// setTags sets the tags that are not known to name the index, all at once. With NoOverwrite it looks at them again, because
// the uploads took time.
func (p *push) setTags(ctx context.Context) error {
	set := make([]bool, len(p.tags))
	var group errgroup.Group
	group.SetLimit(parallel)
	for i := range p.tags {
		group.Go(func() error {
			err := p.setTag(ctx, i, p.former[i])
			set[i] = err == nil
			return err
		})
	}
	err := group.Wait()
	for i, tag := range p.tags {
		if set[i] {
			p.done = append(p.done, tag.Name())
		}
	}
	return err
}

func (p *push) setTag(ctx context.Context, i int, former v1.Hash) error {
	if former == p.digest {
		return nil
	}
	if i > 0 && p.NoOverwrite {
		now, err := p.head(ctx, p.tags[i])
		if err == nil {
			err = p.mayMove(i, now)
		}
		if err != nil {
			return err
		}
	}
	err := p.Registry.Put(ctx, p.tags[i], p.Index)
	if err != nil && ctx.Err() == nil {
		// A registry refuses an immutable tag also if it has this very digest by now.
		if now, wrong := p.head(ctx, p.tags[i]); wrong == nil && now == p.digest {
			return nil
		}
	}
	return err
}

// head returns the digest that the repository has for a reference, or a zero hash.
func (p *push) head(ctx context.Context, reference name.Reference) (v1.Hash, error) {
	return p.Registry.Writer(p.repository).Head(ctx, reference.Identifier())
}
