package container

import (
	"context"

	"github.com/moby/moby/client"
)

// Version returns the address of the engine, and its version.
func (e *Engine) Version(ctx context.Context) (address, version string, err error) {
	found, err := e.client.ServerVersion(ctx, client.ServerVersionOptions{})
	return e.endpoint.String(), found.Version, e.explain("look for a Docker Engine", err)
}
