package registry

import (
	"context"
	"errors"
	"net/http"
	"time"

	protocol "github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/patient"
)

// The patience of a request whose failure costs no image.
const (
	briefRetries = 2                // retries; none after silence
	briefSilence = 20 * time.Second // the longest time without traffic
)

type briefKey struct{}

// Briefly returns a context with little patience: two retries, and short waits. It is for the optional parts of a push,
// so that a registry that only answers 500, or nothing, does not delay it.
func Briefly(ctx context.Context) context.Context { return context.WithValue(ctx, briefKey{}, true) }

func isBrief(ctx context.Context) bool { return ctx.Value(briefKey{}) != nil }

// patienceIn returns the patience of a context's requests.
func (t *transport) patienceIn(ctx context.Context) patient.Patience {
	p := t.patience
	if isBrief(ctx) {
		p.Retries, p.Silence = min(p.Retries, briefRetries), min(p.Silence, briefSilence)
	}
	return p
}

// Pause waits before a registry is asked again for an answer that may change soon: longer with each try, from 0.
func (c *Client) Pause(ctx context.Context, try int) error {
	return c.transport.patience.Wait(ctx, try, 0)
}

// again reports whether to retry a request, and how long the registry has asked to wait.
func (t *transport) again(request *http.Request, response *http.Response, err error) (wait time.Duration, again bool) {
	if request.Context().Err() != nil || request.Body != nil && request.GetBody == nil {
		return 0, false
	}
	if err != nil {
		silent := isBrief(request.Context()) && isSilent(err)
		return 0, !silent && patient.Passes(err, t.hasAnswered(request.URL.Host))
	}
	if patient.IsBusy(response.StatusCode) || isData(request) && isLost(response.StatusCode) {
		return patient.RetryAfter(response.Header, time.Now()), true
	}
	return 0, false
}

func isSilent(err error) bool {
	var silent *patient.SilentError
	return errors.As(err, &silent)
}

// isData reports whether a request is a part of a blob's upload that cannot be sent again, because the registry may
// have received some of it (OCI distribution-spec, "Pushing a blob in chunks").
func isData(request *http.Request) bool {
	return request.Method == http.MethodPatch || request.Method == http.MethodPut && request.URL.Query().Has("digest")
}

// isLost reports whether the registry has lost or moved an upload.
func isLost(status int) bool {
	return status == http.StatusNotFound || status == http.StatusRequestedRangeNotSatisfiable
}

// interruptedError is the error for a blob's data that did not arrive. The upload may start again after wait.
type interruptedError struct {
	error
	wait time.Duration
}

func (e *interruptedError) Unwrap() error { return e.error }

// failure returns the error of an attempt: err, or that of the answer.
func failure(response *http.Response, err error) error {
	if err != nil || response == nil {
		return err
	}
	defer response.Body.Close()
	return protocol.CheckError(response)
}

// anew calls push until no upload is interrupted. Blobs that the registry has are not sent again.
func (c *Client) anew(ctx context.Context, push func() error) error {
	return c.transport.patienceIn(ctx).Try(ctx, func() (time.Duration, bool, error) {
		err := push()
		var broken *interruptedError
		if !errors.As(err, &broken) || ctx.Err() != nil {
			return 0, false, err
		}
		return broken.wait, true, err
	})
}
