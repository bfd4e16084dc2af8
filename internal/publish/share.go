package publish

import (
	"context"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
)

// way is how a blob came into a repository.
type way int

const (
	present way = iota // it was there
	mounted            // from another repository
	uploaded
)

// shared is a blob that several repositories of a registry may get. One push at a time deals with it, so that the first
// sends it and the registry takes it from there for the others.
type shared struct {
	turn  chan struct{}
	where *name.Repository // one that has it
}

// sharedBlobs are the blobs of a run, by registry and digest.
type sharedBlobs struct {
	mutex sync.Mutex
	blobs map[string]*shared
}

func (s *sharedBlobs) of(host string, digest v1.Hash) *shared {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.blobs == nil {
		s.blobs = map[string]*shared{}
	}
	key := host + " " + digest.String()
	if s.blobs[key] == nil {
		s.blobs[key] = &shared{turn: make(chan struct{}, 1)}
	}
	return s.blobs[key]
}

// whole is the size, in bytes, up to which a blob is sent in as few requests as the registry allows. Larger ones show how
// far they are.
const whole = 8 << 20

// share puts a blob into a repository: from another repository of this run if one has it, else by sending it. The config of
// an image that is not there is small and its own, so it is sent without any question.
func (p *Publisher) share(ctx context.Context, repository name.Repository, b blob, moved func(bytes int64)) (way, error) {
	if b.config {
		return p.send(ctx, repository, b, moved)
	}
	of := p.sharedBlobs.of(repository.RegistryStr(), b.digest)
	select {
	case of.turn <- struct{}{}:
		defer func() { <-of.turn }()
	case <-ctx.Done():
		return present, ctx.Err()
	}
	if of.where != nil && *of.where != repository {
		if done, err := p.Registry.Writer(repository).Mount(ctx, *of.where, b.digest); done || err != nil {
			return mounted, err
		}
	}
	how, err := p.bring(ctx, repository, b, moved)
	if err == nil {
		of.where = &repository
	}
	return how, err
}

// bring sends a blob, unless the repository has it.
func (p *Publisher) bring(ctx context.Context, repository name.Repository, b blob, moved func(bytes int64)) (way, error) {
	if b.size <= whole {
		if there, err := p.Registry.Writer(repository).HasBlob(ctx, b.digest); there || err != nil {
			return present, err
		}
		return p.send(ctx, repository, b, moved)
	}
	tally := &registry.Tally{Moved: moved}
	err := p.Registry.Upload(ctx, repository, b.Layer, tally)
	if tally.Uploaded() {
		return uploaded, err
	}
	return present, err
}

// send sends a blob in as few requests as the registry allows.
func (p *Publisher) send(ctx context.Context, repository name.Repository, b blob, moved func(bytes int64)) (way, error) {
	err := p.Registry.Writer(repository).Send(ctx, b.Layer)
	if err == nil {
		moved(b.size)
	}
	return uploaded, err
}
