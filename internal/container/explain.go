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
	case client.IsErrConnectionFailed(err):
		return fmt.Errorf("%s: no Docker Engine answers at %s: start it, or set DOCKER_HOST", what, address)
	}
	return fmt.Errorf("%s: %w", what, human.OneLine(err))
}

// reason connects once more and returns why a program such as ssh ends: docker's connections have its words in the error of a
// read, and not in that of a write, which may come first. It is nil where the connection stands, or for ten seconds says nothing.
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
