package referrers

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// fallbackTag is the tag with the list of a subject if there is no API (distribution-spec, "Referrers Tag
// Schema").
func fallbackTag(subject Subject) string {
	return subject.Descriptor.Digest.Algorithm + "-" + subject.Descriptor.Digest.Hex
}

// tagged is the content of the fall-back tag.
type tagged struct {
	index
	etag   string
	digest v1.Hash // zero when there is nothing
}

// noListError is the error for a fall-back tag with something else than a list, which is left as it is.
type noListError struct{ tag, what string }

func (e *noListError) Error() string {
	return fmt.Sprintf("the tag %s, which would list it, names %s there, and is left as it is", e.tag, e.what)
}

// pull reads the fall-back tag. Where it does not exist, the list is empty: some registries answer 401, 403 or 400
// then.
func (r *Registry) pull(ctx context.Context, subject Subject) (tagged, error) {
	tag := fallbackTag(subject)
	answer, err := r.session(subject.Repository).Manifest(ctx, tag)
	if err != nil {
		return tagged{}, err
	}
	switch answer.StatusCode {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusUnauthorized, http.StatusForbidden, http.StatusBadRequest:
		return tagged{index: newIndex()}, nil
	default:
		return tagged{}, answer.Check(http.StatusOK)
	}
	digest, _, err := v1.SHA256(bytes.NewReader(answer.Text))
	if err != nil {
		return tagged{}, err
	}
	if digest == subject.Descriptor.Digest { // registry.gitlab.com takes sha256-HEX for the digest
		return tagged{}, &noListError{tag, "the image itself"}
	}
	list, ok := parseIndex(answer.Text)
	if !ok {
		return tagged{}, &noListError{tag, "something else than a list"}
	}
	return tagged{list, answer.Header.Get("ETag"), digest}, nil
}

// tries is how often the list under the fall-back tag is put that another program's update has taken out again.
const tries = 5

// errLost is the error for a list that does not stay.
var errLost = errors.New("its list does not keep what is put into it: another program changes it all the time, or the registry drops it")

// list puts manifests into the list under the fall-back tag, and reads it back. Others may overwrite an update, and few
// registries have preconditions (If-Match), so lost entries are put again.
func (r *Registry) list(ctx context.Context, subject Subject, manifests []referrer) error {
	var before v1.Hash // the tag's digest when a precondition failed
	refused, lost := false, false
	for try := range tries {
		now, err := r.pull(ctx, subject)
		if lost && err == nil && !hasAll(now.listed, manifests) { // or it shows a little later
			if err = r.client.Pause(ctx, try-1); err == nil {
				now, err = r.pull(ctx, subject)
			}
		}
		if err != nil || hasAll(now.listed, manifests) {
			return err
		}
		// A precondition fails for two reasons: the tag has changed since, or it may never change (Harbor).
		etag := match(now.etag)
		if refused && now.digest == before {
			etag = ""
		}
		err = r.putList(ctx, subject, now, manifests, etag)
		if refused = etag != "" && statusOf(err) == http.StatusPreconditionFailed; refused {
			before = now.digest
			continue
		}
		if err != nil {
			return err
		}
		lost = true // unless it is read back
	}
	if now, err := r.pull(ctx, subject); err != nil || hasAll(now.listed, manifests) {
		return err
	}
	return errLost
}

func (r *Registry) putList(ctx context.Context, subject Subject, now tagged, manifests []referrer, etag string) error {
	if err := now.add(manifests...); err != nil {
		return err
	}
	text, mediaType, err := now.text()
	if err != nil {
		return err
	}
	return r.session(subject.Repository).Put(ctx, fallbackTag(subject), mediaType, text, etag)
}

// match returns the value of If-Match for an ETag, or "" for a weak one, which never matches (RFC 9110, 13.1.1).
func match(etag string) string {
	if strings.HasPrefix(etag, "W/") {
		return ""
	}
	return etag
}

// statusOf returns the status of the answer that an error is, or 0.
func statusOf(err error) int {
	var answer *transport.Error
	if errors.As(err, &answer) {
		return answer.StatusCode
	}
	return 0
}
