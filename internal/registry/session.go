package registry

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	protocol "github.com/google/go-containerregistry/pkg/v1/remote/transport"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/patient"
)

// A Session sends requests to one repository, where go-containerregistry has no function, or one that expects more than
// many registries offer. It logs in with the first request, for reading or for reading and writing: some registries
// refuse a login for reading alone while the repository does not exist.
type Session struct {
	client     *Client
	repository name.Repository
	scope      string

	mutex  sync.Mutex
	signed http.RoundTripper // nil before the first request

	empty struct {
		mutex sync.Mutex
		there bool
	}
}

// Reader returns the session for reading a repository.
func (c *Client) Reader(repository name.Repository) *Session {
	return c.session(repository, protocol.PullScope)
}

// Writer returns the session for reading and writing a repository.
func (c *Client) Writer(repository name.Repository) *Session {
	return c.session(repository, protocol.PushScope)
}

// maxRedirects limits the redirects of a request, from a registry to its storage or another name.
const maxRedirects = 5

type sessionKey struct {
	repository name.Repository
	scope      string
}

func (c *Client) session(repository name.Repository, scope string) *Session {
	found, _ := c.sessions.LoadOrStore(sessionKey{repository, scope}, &Session{client: c, repository: repository, scope: scope})
	return found.(*Session)
}

// Repository returns the repository of the session.
func (s *Session) Repository() name.Repository { return s.repository }

// Answer is a registry's answer.
type Answer struct {
	*http.Response        // its body is read and closed
	Text           []byte // the body
}

// Check returns the error of an answer, or nil if it has one of these statuses.
func (a *Answer) Check(statuses ...int) error {
	a.Body = io.NopCloser(bytes.NewReader(a.Text))
	return protocol.CheckError(a.Response, statuses...)
}

// Do sends a request and returns the answer, with any status. The path is relative to /v2/REPOSITORY/, such as
// "manifests/latest", or a whole URL. A nil body is none.
func (s *Session) Do(ctx context.Context, method, path string, header http.Header, body []byte) (*Answer, error) {
	if body == nil {
		return s.do(ctx, method, path, header, nil)
	}
	return s.do(ctx, method, path, header, static.NewLayer(body, ""))
}

// do sends a request with a blob for its body, or without one.
func (s *Session) do(ctx context.Context, method, path string, header http.Header, body v1.Layer) (*Answer, error) {
	signed, err := s.open(ctx)
	if err != nil {
		return nil, err
	}
	address, err := s.address(path)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, method, address, nil)
	if err != nil {
		return nil, err
	}
	if body != nil {
		request.GetBody = body.Compressed
		if request.ContentLength, err = body.Size(); err != nil {
			return nil, err
		}
		if request.Body, err = body.Compressed(); err != nil {
			return nil, err
		}
	}
	for key, values := range header {
		request.Header[key] = values
	}
	client := http.Client{Transport: signed, CheckRedirect: checkRedirect}
	response, err := client.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(patient.Limit(response.Body, maxManifest, errTooLarge))
	if err != nil {
		return nil, err
	}
	return &Answer{response, text}, nil
}

// checkRedirect refuses redirects into the network of this machine, and too many of them.
func checkRedirect(request *http.Request, via []*http.Request) error {
	host := request.URL.Hostname()
	address := net.ParseIP(host)
	inside := host == "localhost" || address.IsLoopback() || address.IsPrivate() || address.IsLinkLocalUnicast() || address.IsUnspecified()
	switch {
	case len(via) >= maxRedirects:
		return fmt.Errorf("it redirects more than %d times", maxRedirects)
	case inside && host != via[0].URL.Hostname():
		return fmt.Errorf("it redirects to %s, an address of this network", host)
	}
	return nil
}

func (s *Session) address(path string) (string, error) {
	base := url.URL{Scheme: s.repository.Scheme(), Host: s.repository.RegistryStr(), Path: "/v2/" + s.repository.RepositoryStr() + "/"}
	if strings.Contains(path, "://") {
		whole, err := url.Parse(path)
		if err != nil || whole.Host != base.Host {
			return "", fmt.Errorf("%s leads away from %s", path, base.Host)
		}
		return path, nil
	}
	return base.String() + path, nil
}

// open asks the registry for its scheme and a token. After a failure, the next request asks again.
func (s *Session) open(ctx context.Context) (http.RoundTripper, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.signed != nil {
		return s.signed, nil
	}
	login, err := s.client.keys.ResolveContext(ctx, s.repository)
	if err != nil {
		return nil, err
	}
	signed, err := protocol.NewWithContext(ctx, s.repository.Registry, login, protocol.NewUserAgent(s.client.transport, userAgent),
		[]string{s.repository.Scope(s.scope)})
	if err != nil {
		return nil, err
	}
	s.signed = signed
	return signed, nil
}

// manifestTypes are the media types that a reference may have.
var manifestTypes = strings.Join([]string{string(types.OCIImageIndex), string(types.DockerManifestList), string(types.OCIManifestSchema1),
	string(types.DockerManifestSchema2)}, ", ")

// Manifest returns the manifest at a tag or digest, of any type. The bytes are those of the registry, so that its ETag
// fits them.
func (s *Session) Manifest(ctx context.Context, reference string) (*Answer, error) {
	return s.Do(ctx, http.MethodGet, "manifests/"+reference, http.Header{"Accept": {manifestTypes}, "Accept-Encoding": {"identity"}}, nil)
}

// Head returns the digest at a tag or digest, or a zero hash if there is none. Registries without HEAD, or without the
// digest in its answer, are asked for the manifest.
//
// If a registry refuses a Writer's question (401, 403 and others of 400 and more), nothing is there: some answer so for
// missing repositories, and the first write shows whether the login may write.
func (s *Session) Head(ctx context.Context, reference string) (v1.Hash, error) {
	answer, err := s.Do(ctx, http.MethodHead, "manifests/"+reference, http.Header{"Accept": {manifestTypes}}, nil)
	if err != nil {
		return v1.Hash{}, err
	}
	if answer.StatusCode == http.StatusOK {
		if digest, err := v1.NewHash(strings.Trim(answer.Header.Get("Docker-Content-Digest"), `"`)); err == nil {
			return digest, nil
		}
	}
	if slices.Contains([]int{http.StatusOK, http.StatusMethodNotAllowed, http.StatusNotImplemented}, answer.StatusCode) {
		if answer, err = s.Manifest(ctx, reference); err != nil {
			return v1.Hash{}, err
		}
	}
	switch status := answer.StatusCode; {
	case status == http.StatusNotFound, s.scope == protocol.PushScope && status >= 400 && status < 500 && !patient.IsBusy(status):
		return v1.Hash{}, nil
	case status != http.StatusOK:
		return v1.Hash{}, answer.Check(http.StatusOK)
	}
	digest, _, err := v1.SHA256(bytes.NewReader(answer.Text))
	return digest, err
}
