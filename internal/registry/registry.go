// Package registry is how mkimage reaches container registries: with which login, over which connection, how often a
// request is tried, and what is said when it fails.
//
//	client, err := registry.Access{CA: "ca.pem", User: user, Password: password, Hosts: []string{"registry.example.org"}}.Open()
//	tag, err := client.Tag("registry.example.org/actions/scratch:dev")
//	image, err := remote.Image(tag, client.Options(ctx)...)
//	if err != nil {
//		return client.Explain("pull", tag, err)
//	}
//
// Plain http is for registries on this machine, or for those that Access.Insecure is about. Requests are tried again
// when the registry is busy (408, 429, 5xx), resets the connection or falls silent; an upload of a blob begins anew then,
// which Client.Upload and Client.Push see to. Logins go to the registry that they are for, and to the token service that
// it names (distribution, "Token Authentication Specification"), and are in no error.
package registry

import (
	"cmp"
	"context"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Access says how to reach registries.
type Access struct {
	CA       string // a file of certificates (PEM) to trust beside the system's, or ""
	Insecure bool   // plain http, and https with a certificate that nobody has signed, are good enough

	User, Password string   // the login for Hosts; none when User is ""
	Hosts          []string // HOST[:PORT] of the registries that User and Password are for

	Retries int           // how often a request is tried again; 0 means DefaultRetries, less than 0 means never
	Timeout time.Duration // how long a registry may be silent; 0 means DefaultTimeout
	Pause   time.Duration // before the first try again; it doubles with each. 0 means half a second
}

// What an Access without Retries and Timeout has.
const (
	DefaultRetries = 5
	DefaultTimeout = time.Minute
)

const (
	defaultPause = 500 * time.Millisecond
	parallel     = 4 // requests of one operation of go-containerregistry
	userAgent    = "mkimage"
)

// Client reaches registries. It keeps connections, tokens and logins for as long as it lives.
type Client struct {
	insecure  bool
	keys      *keychain
	transport *transport
	pusher    *remote.Pusher
	puller    *remote.Puller
	sessions  sync.Map // of sessionKey to *Session
}

// Open returns a client. Nothing is asked of a registry yet.
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

// Close drops idle connections.
func (c *Client) Close() { c.transport.wire.CloseIdleConnections() }

// Options are for the functions of go-containerregistry's package remote. These share what a registry was asked for once:
// how it wants to be spoken to, and tokens.
func (c *Client) Options(ctx context.Context) []remote.Option {
	return append(c.options(), remote.WithContext(ctx), remote.Reuse(c.puller), remote.Reuse(c.pusher))
}

// options leave trying again to the transport and to Client.Upload, which know how long to wait and when to stop.
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
