package publish

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"
)

// ContentTag is the tag that a push sets beside the one that was asked for, and that never moves: OpenWhisk drops the
// digest of a reference, so a tag has to stand for the content.
func ContentTag(digest v1.Hash) string { return "content-" + digest.Hex[:12] }

// push uploads the index by its digest, and when all of it is there, sets the content tag and then the given tag. The
// registry checks every blob and manifest against its digest (OCI distribution-spec, "Pushing blobs").
func (r *Result) push(ctx context.Context, index v1.ImageIndex) error {
	tag, err := name.NewTag(r.Ref)
	if err != nil {
		return err
	}
	options := []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain),
		remote.WithUserAgent("mkimage"), remote.WithTransport(encrypted{remote.DefaultTransport})}
	pusher, err := remote.NewPusher(options...)
	if err != nil {
		return explainPush(ctx, tag, err)
	}
	digest, err := index.Digest()
	if err != nil {
		return err
	}
	repository := tag.Repository
	content := repository.Tag(ContentTag(digest))
	options = append(options, remote.Reuse(pusher))
	if err := free(content, digest, options); err != nil {
		return explainPush(ctx, tag, err)
	}
	if err := pusher.Push(ctx, repository.Digest(digest.String()), index); err != nil {
		return explainPush(ctx, tag, err)
	}
	r.Reference = repository.Name() + "@" + digest.String()
	for _, tag := range []name.Tag{content, tag} {
		if err := remote.Put(tag, index, options...); err != nil {
			return explainPush(ctx, tag, err)
		}
		r.Tags = append(r.Tags, tag.Name())
	}
	return nil
}

// errMoved is the error for a content tag that names something else.
type errMoved struct{ tag, digest string }

func (e errMoved) Error() string {
	return fmt.Sprintf("%s is there already and names %s: somebody has moved it; delete that tag, or push to another repository", e.tag, e.digest)
}

// free says whether the content tag may be set: nobody has it, or it names this digest.
func free(content name.Tag, digest v1.Hash, options []remote.Option) error {
	there, err := remote.Head(content, options...)
	var answer *transport.Error
	switch {
	case errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound:
		return nil
	case err != nil:
		return err
	case there.Digest != digest:
		return errMoved{content.Name(), there.Digest.String()}
	}
	return nil
}

// encrypted refuses plain http beyond this machine, which go-containerregistry would use for private addresses too.
type encrypted struct{ http.RoundTripper }

var errPlain = errors.New("plain http is only for registries on this machine")

func (e encrypted) RoundTrip(request *http.Request) (*http.Response, error) {
	host := request.URL.Hostname()
	if request.URL.Scheme == "http" && host != "localhost" && !net.ParseIP(host).IsLoopback() {
		return nil, errPlain
	}
	return e.RoundTripper.RoundTrip(request)
}
