package registry

import (
	"context"
	"errors"
	"net/http"
	"time"

	protocol "github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/patient"
)

// What a request has whose failure costs no image.
const (
	briefRetries = 2                // how often it is tried again; never after silence
	briefSilence = 20 * time.Second // how long nothing may come or go
)

type briefKey struct{}

// Briefly returns a context in which requests are tried again twice at most, and do not wait for long: for what a push can do
// without, so that a registry which always answers 500, or nothing, does not keep it.
func Briefly(ctx context.Context) context.Context { return context.WithValue(ctx, briefKey{}, true) }

func isBrief(ctx context.Context) bool { return ctx.Value(briefKey{}) != nil }

// patienceIn returns how patient a request of this context is.
func (t *transport) patienceIn(ctx context.Context) patient.Patience {
	p := t.patience
	if isBrief(ctx) {
		p.Retries, p.Silence = min(p.Retries, briefRetries), min(p.Silence, briefSilence)
	}
	return p
}

// Pause waits before a registry is asked once more what it will answer otherwise soon: longer with each try, from 0.
func (c *Client) Pause(ctx context.Context, try int) error {
	return c.transport.patience.Wait(ctx, try, 0)
}

// again reports whether a request is worth another try, and how long the registry has asked to wait before it.
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

// isData says whether a request is a part of a blob's upload that cannot be sent again: the registry may have taken some
// of it (OCI distribution-spec, "Pushing a blob in chunks").
func isData(request *http.Request) bool {
	return request.Method == http.MethodPatch || request.Method == http.MethodPut && request.URL.Query().Has("digest")
}

// isLost says whether an upload that has begun is not known any more, or known to be at another place.
func isLost(status int) bool {
	return status == http.StatusNotFound || status == http.StatusRequestedRangeNotSatisfiable
}

// interruptedError is the error for data of a blob that did not arrive. The upload may begin anew after wait.
type interruptedError struct {
	error
	wait time.Duration
}

func (e *interruptedError) Unwrap() error { return e.error }

// failure is the error of an attempt: err, or what the answer says.
func failure(response *http.Response, err error) error {
	if err != nil || response == nil {
		return err
	}
	defer response.Body.Close()
	return protocol.CheckError(response)
}

// anew calls push until its uploads are not interrupted. What is there by then is not sent again.
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
