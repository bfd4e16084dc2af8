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

// Manifest is the manifest of an image or an index.
type Manifest interface {
	RawManifest() ([]byte, error)
	MediaType() (types.MediaType, error)
}

// Put puts a manifest alone. The repository must have all its parts.
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

// tornTries limits how often a misread manifest is put.
const tornTries = 4

// Put puts the text of a manifest. If match is not "", it must be the ETag of the present manifest.
//
// distribution 2.8 may read a file that a concurrent put is still writing, and then says that the digest is invalid.
// Ours are valid, so the manifest is put again.
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

// isTorn reports whether a registry says that a digest is invalid.
func isTorn(err error) bool {
	var answer *protocol.Error
	return errors.As(err, &answer) && answer.StatusCode == http.StatusBadRequest &&
		slices.ContainsFunc(answer.Errors, func(d protocol.Diagnostic) bool { return d.Code == protocol.DigestInvalidErrorCode })
}
