package container

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"

	"github.com/moby/moby/client"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// said is the prefix of ssh's words in an error of docker's connections.
const said = "stderr="

// Explain returns an error of one line for a failure of the engine at an address, with advice if it cannot be reached.
func Explain(what, address string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, exec.ErrNotFound) && strings.HasPrefix(address, "ssh:"):
		return fmt.Errorf("%s: there is no program ssh on the PATH, through which the Docker Engine at %s is reached", what, address)
	case strings.HasPrefix(address, "ssh:") && strings.Contains(err.Error(), said):
		_, words, _ := strings.Cut(err.Error(), said)
		words = strings.TrimSuffix(human.Line(words), ".")
		return fmt.Errorf("%s: no Docker Engine answers at %s: ssh said: %s", what, address, cmp.Or(words, "nothing"))
	case client.IsErrConnectionFailed(err) && strings.Contains(err.Error(), "permission denied"): // it hides the number
		return fmt.Errorf("%s: a Docker Engine listens at %s, and your user may not use it: add it to the group docker, or use sudo", what, address)
	case isForeignVersion(err):
		return fmt.Errorf("%s: the Docker Engine at %s and this mkimage speak no common version of its API: renew the engine, or mkimage, and leave DOCKER_API_VERSION out (%w)", what, address, human.OneLine(err))
	case isTaken(err):
		return fmt.Errorf("%s: the port is taken on the engine's machine: stop who has it (docker ps), name another with --port N, or leave --port out for one that is free", what)
	case client.IsErrConnectionFailed(err):
		return fmt.Errorf("%s: no Docker Engine answers at %s: start it, or set DOCKER_HOST", what, address)
	}
	return fmt.Errorf("%s: %w", what, human.OneLine(err))
}

// isForeignVersion reports whether engine and client have no version of the API in common.
func isForeignVersion(err error) bool {
	for _, words := range []string{"is newer than server", "is too new", "is too old", "is not supported by this client"} {
		if strings.Contains(err.Error(), words) {
			return true
		}
	}
	return false
}

// isTaken reports whether somebody else listens at the port.
func isTaken(err error) bool {
	for _, words := range []string{"port is already allocated", "address already in use", "ports are not available"} {
		if strings.Contains(err.Error(), words) {
			return true
		}
	}
	return false
}

// reason connects once more and returns why a program such as ssh ends: docker's connections have its words in the
// error of a read, and not in that of a write, which may come first. It is nil where the connection stands, or for ten
// seconds says nothing.
func (e *Engine) reason() error {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := e.client.Dialer()(ctx)
	if err != nil {
		return err
	}
	read := make(chan error, 1)
	go func() {
		_, err := conn.Read(make([]byte, 1))
		read <- err
	}()
	select {
	case err = <-read:
	case <-ctx.Done():
	}
	_ = conn.Close() // it was only read
	return err
}
