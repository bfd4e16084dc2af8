package registry

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	protocol "github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// Manifest is an image's manifest or an index, as it is put.
type Manifest interface {
	RawManifest() ([]byte, error)
	MediaType() (types.MediaType, error)
}

// Put puts a manifest alone. What it names is there.
func (c *Client) Put(ctx context.Context, reference name.Reference, manifest Manifest) error {
	text, err := manifest.RawManifest()
	if err != nil {
		return err
	}
	mediaType, err := manifest.MediaType()
	if err != nil {
		return err
	}
	return c.Writer(reference.Context()).Put(ctx, reference.Identifier(), mediaType, text, "")
}

// tornTries is how often a manifest is put that the registry has misread.
const tornTries = 4

// Put puts the text of a manifest. With an ETag to match, it is only put while that is the one of what is there.
//
// While somebody else puts the same, distribution 2.8 may read a file that is being written, and then says that a digest is
// invalid. Ours are not, so the manifest is put again.
func (s *Session) Put(ctx context.Context, reference string, mediaType types.MediaType, text []byte, match string) error {
	header := http.Header{"Content-Type": {string(mediaType)}}
	if match != "" {
		header.Set("If-Match", match)
	}
	patience := s.client.transport.patienceIn(ctx)
	patience.Retries = min(patience.Retries, tornTries)
	return patience.Try(ctx, func() (time.Duration, bool, error) {
		answer, err := s.Do(ctx, http.MethodPut, "manifests/"+reference, header, text)
		if err == nil {
			err = answer.Check(http.StatusOK, http.StatusCreated, http.StatusAccepted, http.StatusNoContent)
		}
		return 0, isTorn(err), err
	})
}

// isTorn says whether a registry takes a digest for invalid.
func isTorn(err error) bool {
	var answer *protocol.Error
	return errors.As(err, &answer) && answer.StatusCode == http.StatusBadRequest &&
		slices.ContainsFunc(answer.Errors, func(d protocol.Diagnostic) bool { return d.Code == protocol.DigestInvalidErrorCode })
}
