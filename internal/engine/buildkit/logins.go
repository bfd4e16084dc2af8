package buildkit

import (
	"context"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/moby/buildkit/session/auth"
	"google.golang.org/grpc"
)

// logins tells a builder the login of a registry that it is about to talk to, while the session lasts. Nothing of it
// is kept on either side.
type logins struct{ keychain authn.Keychain }

// Register is part of BuildKit's session.Attachable.
func (l logins) Register(server *grpc.Server) {
	auth.RegisterAuthServer(server, answers{keychain: l.keychain})
}

type answers struct {
	auth.UnimplementedAuthServer // builders then get tokens by themselves
	keychain                     authn.Keychain
}

// Credentials is part of [auth.AuthServer].
func (a answers) Credentials(ctx context.Context, request *auth.CredentialsRequest) (*auth.CredentialsResponse, error) {
	if a.keychain == nil {
		return &auth.CredentialsResponse{}, nil
	}
	host := request.Host
	if host == "registry-1.docker.io" { // the login is kept under the name that users know
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

// hostname is the host of a registry, as a keychain is asked for it.
type hostname string

func (h hostname) String() string      { return string(h) }
func (h hostname) RegistryStr() string { return string(h) }
