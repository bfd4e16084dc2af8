// Package registry is mkimage's client for container registries: it finds logins, makes connections, retries requests
// and explains failures.
//
//	client, err := registry.Access{CA: "ca.pem", User: user, Password: password, Hosts: []string{"registry.example.org"}}.Open()
//	tag, err := client.Tag("registry.example.org/actions/scratch:dev")
//	image, err := remote.Image(tag, client.Options(ctx)...)
//	if err != nil {
//		return client.Explain("pull", tag, err)
//	}
//
// Plain http is allowed for registries on this machine and with Access.Insecure. A request is retried when the registry
// is busy (408, 429, 5xx), resets the connection or falls silent. The upload of a blob then starts again, which
// Client.Upload and Client.Push do. A login is sent to its registry and that registry's token service (distribution,
// "Token Authentication Specification"), and appears in no error.
package registry

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Access is the configuration of a client.
type Access struct {
	CA       string // a file of certificates (PEM) to trust beside the system's, or ""
	Insecure bool   // allow plain http, and https with any certificate

	User, Password string   // the login for Hosts; none if User is ""
	Hosts          []string // HOST[:PORT] of the registries for User and Password

	Retries int           // retries of a request; 0 means DefaultRetries, less than 0 none
	Timeout time.Duration // how long a registry may be silent; 0 means DefaultTimeout
	Pause   time.Duration // before the first retry; it doubles with each. 0 means half a second
}

// The defaults of an Access.
const (
	DefaultRetries = 5
	DefaultTimeout = time.Minute
)

const (
	defaultPause = 500 * time.Millisecond
	parallel     = 4 // requests of one operation of go-containerregistry
	userAgent    = "mkimage"
)

// Client is a client for registries. It keeps connections, tokens and logins.
type Client struct {
	insecure  bool
	keys      *keychain
	transport *transport
	pusher    *remote.Pusher
	puller    *remote.Puller
	sessions  sync.Map // of sessionKey to *Session
	whole     sync.Map // of HOST[:PORT] to bool: it takes a blob in one request
	mounts    sync.Map // of HOST[:PORT] to bool: it mounts blobs
	origins   sync.Map // of HOST[:PORT] to *origin
}

// Open returns a client. It sends no request.
func (a Access) Open() (*Client, error) {
	a.Retries, a.Timeout, a.Pause = cmp.Or(a.Retries, DefaultRetries), cmp.Or(a.Timeout, DefaultTimeout), cmp.Or(a.Pause, defaultPause)
	wire, err := newTransport(a)
	if err != nil {
		return nil, err
	}
	client := &Client{insecure: a.Insecure, keys: newKeychain(a), transport: wire}
	if client.pusher, err = remote.NewPusher(client.options()...); err != nil {
		return nil, err
	}
	client.puller, err = remote.NewPuller(client.options()...)
	return client, err
}

// Close closes idle connections.
func (c *Client) Close() { c.transport.wire.CloseIdleConnections() }

// Options returns options for the functions of go-containerregistry's package remote. All of them share the scheme and
// the tokens of each registry.
func (c *Client) Options(ctx context.Context) []remote.Option {
	return append(c.options(), remote.WithContext(ctx), remote.Reuse(c.puller), remote.Reuse(c.pusher))
}

// options disables go-containerregistry's retries: the transport and Client.Upload retry, and know how long to wait.
func (c *Client) options() []remote.Option {
	return []remote.Option{
		remote.WithTransport(c.transport),
		remote.WithAuthFromKeychain(c.keys),
		remote.WithUserAgent(userAgent),
		remote.WithJobs(parallel),
		remote.WithRetryBackoff(remote.Backoff{Steps: 1}),
		remote.WithRetryStatusCodes(),
	}
}
