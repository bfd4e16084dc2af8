package registry

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	protocol "github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// tornTries is how often a manifest is put that the registry has misread.
const tornTries = 4

// Put puts a manifest alone. What it names is there.
//
// While somebody else puts the same, distribution 2.8 may read a file that is being written, and then says that a digest is
// invalid. Ours are not, so the manifest is put again.
func (c *Client) Put(ctx context.Context, reference name.Reference, manifest remote.Taggable) error {
	for try := 0; ; try++ {
		err := c.pusher.Put(ctx, reference, manifest)
		if !isTorn(err) || try >= min(c.transport.retries, tornTries) {
			return err
		}
		if err := c.transport.pause(ctx, try, 0); err != nil {
			return err
		}
	}
}

// isTorn says whether a registry takes a digest for invalid.
func isTorn(err error) bool {
	var answer *protocol.Error
	return errors.As(err, &answer) && answer.StatusCode == http.StatusBadRequest &&
		slices.ContainsFunc(answer.Errors, func(d protocol.Diagnostic) bool { return d.Code == protocol.DigestInvalidErrorCode })
}
