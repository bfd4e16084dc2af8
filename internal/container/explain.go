package container

import (
	"errors"
	"fmt"
	"strings"

	"github.com/moby/moby/client"
)

// Explain says in one line what failed with the engine at an address, and what to do where it cannot be reached.
func Explain(what, address string, err error) error {
	switch {
	case err == nil:
		return nil
	case client.IsErrConnectionFailed(err) && strings.Contains(err.Error(), "permission denied"): // it hides the number
		return fmt.Errorf("%s: a Docker Engine listens at %s, and your user may not use it: add it to the group docker, or use sudo", what, address)
	case client.IsErrConnectionFailed(err):
		return fmt.Errorf("%s: no Docker Engine answers at %s: start it, or set DOCKER_HOST", what, address)
	}
	if text := err.Error(); strings.ContainsAny(text, "\r\n") {
		err = errors.New(strings.Join(strings.Fields(text), " "))
	}
	return fmt.Errorf("%s: %w", what, err)
}
