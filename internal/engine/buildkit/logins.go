package buildkit

import (
	"context"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/moby/buildkit/session/auth"
	"google.golang.org/grpc"
)

// logins sends a builder the login for a registry that it asks for during the session. Neither side keeps it.
type logins struct{ keychain authn.Keychain }

// Register implements session.Attachable.
func (l logins) Register(server *grpc.Server) {
	auth.RegisterAuthServer(server, answers{keychain: l.keychain})
}

type answers struct {
	auth.UnimplementedAuthServer // so builders get tokens themselves
	keychain                     authn.Keychain
}

// Credentials implements [auth.AuthServer].
func (a answers) Credentials(ctx context.Context, request *auth.CredentialsRequest) (*auth.CredentialsResponse, error) {
	if a.keychain == nil {
		return &auth.CredentialsResponse{}, nil
	}
	host := request.Host
	if host == "registry-1.docker.io" { // users know the login by this name
		host = authn.DefaultAuthKey
	}
	found, err := authn.Resolve(ctx, a.keychain, hostname(host))
	if err != nil {
		return nil, err
	}
	login, err := authn.Authorization(ctx, found)
	if err != nil {
		return nil, err
	}
	if login.IdentityToken != "" {
		return &auth.CredentialsResponse{Secret: login.IdentityToken}, nil
	}
	return &auth.CredentialsResponse{Username: login.Username, Secret: login.Password}, nil
}

// hostname is a registry's host, as keychains take it.
type hostname string

func (h hostname) String() string      { return string(h) }
func (h hostname) RegistryStr() string { return string(h) }
