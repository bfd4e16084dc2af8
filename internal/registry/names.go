package registry

import (
	"fmt"
	"net"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// Tag reads REPOSITORY[:TAG]; without a tag it is latest.
func (c *Client) Tag(text string) (name.Tag, error) {
	if err := CheckReference(text); err != nil {
		return name.Tag{}, err
	}
	tag, err := name.NewTag(text)
	if err != nil {
		return name.Tag{}, unreadable(text, "REPOSITORY[:TAG]", err)
	}
	return name.NewTag(text, c.names(tag.RegistryStr())...)
}

// Reference reads REPOSITORY[:TAG] or REPOSITORY@DIGEST.
func (c *Client) Reference(text string) (name.Reference, error) {
	const form = "REPOSITORY[:TAG] or REPOSITORY@DIGEST"
	repository, _, _ := strings.Cut(text, "@")
	if problem, near := spell(repository); problem != "" {
		return nil, check(text, form, problem, near)
	}
	reference, err := name.ParseReference(text)
	if err != nil {
		return nil, unreadable(text, form, err)
	}
	return name.ParseReference(text, c.names(reference.Context().RegistryStr())...)
}

// Repository reads HOST/PATH.
func (c *Client) Repository(text string) (name.Repository, error) {
	repository, err := name.NewRepository(text)
	if err != nil {
		return name.Repository{}, unreadable(text, "REPOSITORY", err)
	}
	return name.NewRepository(text, c.names(repository.RegistryStr())...)
}

// names returns options with which go-containerregistry tries plain http after https. It also does so for registries
// with a private address; the transport refuses that.
func (c *Client) names(host string) []name.Option {
	if c.transport.insecure || isLocal(host) {
		return []name.Option{name.Insecure}
	}
	return nil
}

// unreadable returns an error of one line for a text that is no reference.
func unreadable(text, form string, err error) error {
	return fmt.Errorf("%q is not %s, such as registry.example.org/actions/scratch: %s", text, form, strings.TrimSuffix(err.Error(), ": "+text))
}

// isLocal reports whether HOST[:PORT] is this machine.
func isLocal(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = strings.Trim(address, "[]")
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
