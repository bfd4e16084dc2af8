package registry

import (
	"fmt"
	"net"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
)

// Tag reads REPOSITORY[:TAG]; without a tag it is latest.
func (c *Client) Tag(text string) (name.Tag, error) {
	tag, err := name.NewTag(text)
	if err := readable(text, "REPOSITORY[:TAG]", err); err != nil {
		return name.Tag{}, err
	}
	return name.NewTag(text, c.names(tag.RegistryStr())...)
}

// Reference reads REPOSITORY[:TAG] or REPOSITORY@DIGEST.
func (c *Client) Reference(text string) (name.Reference, error) {
	reference, err := name.ParseReference(text)
	if err := readable(text, "REPOSITORY[:TAG] or REPOSITORY@DIGEST", err); err != nil {
		return nil, err
	}
	return name.ParseReference(text, c.names(reference.Context().RegistryStr())...)
}

// Repository reads HOST/PATH.
func (c *Client) Repository(text string) (name.Repository, error) {
	repository, err := name.NewRepository(text)
	if err := readable(text, "REPOSITORY", err); err != nil {
		return name.Repository{}, err
	}
	return name.NewRepository(text, c.names(repository.RegistryStr())...)
}

// names lets go-containerregistry try plain http after https. For other registries it does so too when their address is
// a private one, which the transport refuses.
func (c *Client) names(host string) []name.Option {
	if c.transport.insecure || isLocal(host) {
		return []name.Option{name.Insecure}
	}
	return nil
}

// readable makes one line of the error of a text that names nothing. An URL is one, though go-containerregistry reads it.
func readable(text, form string, err error) error {
	if _, rest, found := strings.Cut(text, "://"); found {
		return fmt.Errorf("%q is not %s: leave out what stands before %s", text, form, rest)
	}
	if err == nil {
		return nil
	}
	return fmt.Errorf("%q is not %s, such as registry.example.org/actions/scratch: %s", text, form, strings.TrimSuffix(err.Error(), ": "+text))
}

// isLocal says whether HOST[:PORT] is this machine.
func isLocal(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = strings.Trim(address, "[]")
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}
