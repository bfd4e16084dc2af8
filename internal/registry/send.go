package registry

import (
	"context"
	"net/http"
	"net/url"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/static"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/patient"
)

// small is the size, in bytes, up to which a blob is sent in one request to a registry that may refuse that, and then has
// to be sent once more.
const small = 4 << 10

// Send uploads a blob without the question whether the repository has it: in one request where the registry can do so,
// else in two (OCI distribution-spec, "Pushing a blob monolithically"). The registry checks the digest.
func (s *Session) Send(ctx context.Context, blob v1.Layer) error {
	sent := false
	err := s.client.anew(ctx, func() error {
		var err error
		sent, err = s.send(ctx, blob)
		return err
	})
	if sent || err != nil {
		return err
	}
	return s.client.Upload(ctx, s.repository, blob, nil)
}

// send returns false without an error where the registry wants it otherwise.
func (s *Session) send(ctx context.Context, blob v1.Layer) (bool, error) {
	digest, err := blob.Digest()
	if err != nil {
		return false, err
	}
	size, err := blob.Size()
	if err != nil {
		return false, err
	}
	data := http.Header{"Content-Type": {"application/octet-stream"}}
	takes, known := s.client.whole.Load(s.repository.RegistryStr())
	once := known && takes.(bool) || !known && size <= small
	var begun *Answer
	if once {
		begun, err = s.do(ctx, http.MethodPost, "blobs/uploads/?digest="+url.QueryEscape(digest.String()), data, blob)
	} else {
		begun, err = s.do(ctx, http.MethodPost, "blobs/uploads/", nil, nil)
	}
	if err != nil {
		return false, err
	}
	sent := once && begun.StatusCode == http.StatusCreated
	if once {
		s.client.whole.Store(s.repository.RegistryStr(), sent)
	}
	if sent || begun.StatusCode != http.StatusAccepted {
		return sent, nil
	}
	at, err := begun.Location()
	if err != nil || at.Host != begun.Request.URL.Host {
		return false, nil // go-containerregistry knows where uploads may lead
	}
	query := at.Query()
	query.Set("digest", digest.String())
	at.RawQuery = query.Encode()
	answer, err := s.do(ctx, http.MethodPut, at.String(), data, blob)
	if err != nil {
		return false, err
	}
	return true, answer.Check(http.StatusCreated, http.StatusOK, http.StatusNoContent)
}

// HasBlob reports whether the repository has a blob. A registry that refuses to say so has none: some do while the
// repository does not exist, and what follows shows whether the login may write.
func (s *Session) HasBlob(ctx context.Context, digest v1.Hash) (bool, error) {
	answer, err := s.Do(ctx, http.MethodHead, "blobs/"+digest.String(), nil, nil)
	if err != nil {
		return false, err
	}
	switch status := answer.StatusCode; {
	case status >= 400 && status < 500 && !patient.IsBusy(status):
		return false, nil
	case status != http.StatusOK:
		return false, answer.Check(http.StatusOK)
	}
	return true, nil
}

// Mount has the registry take a blob from another of its repositories, and reports whether it did (OCI
// distribution-spec, "Mounting a blob from another repository"). A registry that has mounted none, and has begun an upload
// instead, is not asked again.
func (s *Session) Mount(ctx context.Context, from name.Repository, digest v1.Hash) (bool, error) {
	host := s.repository.RegistryStr()
	if mounts, known := s.client.mounts.Load(host); known && !mounts.(bool) || from.RegistryStr() != host {
		return false, nil
	}
	query := url.Values{"mount": {digest.String()}, "from": {from.RepositoryStr()}}
	answer, err := s.Do(ctx, http.MethodPost, "blobs/uploads/?"+query.Encode(), nil, nil)
	switch {
	case err != nil: // some registries fail at this
		return false, ctx.Err()
	case answer.StatusCode == http.StatusCreated:
		s.client.mounts.Store(host, true)
		return true, nil
	case answer.StatusCode == http.StatusAccepted:
		s.client.mounts.LoadOrStore(host, false)
		s.cancel(ctx, answer)
	}
	return false, nil
}

// cancel ends an upload that was begun, or the registry drops it after a while.
func (s *Session) cancel(ctx context.Context, begun *Answer) {
	if at, err := begun.Location(); err == nil {
		_, _ = s.Do(ctx, http.MethodDelete, at.String(), nil, nil)
	}
}

// emptyConfig is the config that says nothing, which all attachments have (OCI image-spec, "Guidance for an Empty Descriptor").
var emptyConfig = static.NewLayer(ocispec.DescriptorEmptyJSON.Data, ocispec.MediaTypeEmptyJSON)

// origin is the repository of a registry that got the empty config first.
type origin struct {
	mutex      sync.Mutex // held while it is sent
	repository *name.Repository
}

// Empty puts the empty config into the repository, once in the life of the client: the first repository of a registry is
// sent it, and the others mount it, if the registry can do so.
func (s *Session) Empty(ctx context.Context) error {
	s.empty.mutex.Lock()
	defer s.empty.mutex.Unlock()
	if s.empty.there {
		return nil
	}
	found, _ := s.client.origins.LoadOrStore(s.repository.RegistryStr(), &origin{})
	one := found.(*origin)
	one.mutex.Lock()
	if one.repository == nil {
		defer one.mutex.Unlock()
		err := s.Send(ctx, emptyConfig)
		if err == nil {
			one.repository, s.empty.there = &s.repository, true
		}
		return err
	}
	one.mutex.Unlock()
	digest, err := emptyConfig.Digest()
	if err != nil {
		return err
	}
	mounted, err := s.Mount(ctx, *one.repository, digest)
	if err == nil && !mounted {
		err = s.Send(ctx, emptyConfig)
	}
	s.empty.there = err == nil
	return err
}
