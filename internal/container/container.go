// Package container starts an image on the Docker Engine as OpenWhisk's invoker does, with its limits, and follows its
// log.
//
//	engine, err := container.Connect()
//	started, err := engine.Start(ctx, "hello:latest", container.Options{})
//	defer started.Remove()
package container

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"os"
	"time"

	"github.com/containerd/errdefs"
	"github.com/docker/go-units"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// What the invoker gives a container (OpenWhisk, invoker's DockerContainer and its default memory).
const (
	memory = 256 << 20
	pids   = 1024
	files  = 1024
)

// pause is how long to wait before a container is asked again whether it is ready.
const pause = 20 * time.Millisecond

// Engine is the Docker Engine at $DOCKER_HOST, or at its usual address.
type Engine struct {
	client  *client.Client
	address string
}

// Connect returns the engine. Whether it answers shows with the first call.
func Connect() (*Engine, error) {
	address := cmp.Or(os.Getenv("DOCKER_HOST"), client.DefaultDockerHost)
	connected, err := client.New(client.FromEnv)
	if err != nil {
		return nil, fmt.Errorf("DOCKER_HOST=%s: %w", address, err)
	}
	return &Engine{connected, address}, nil
}

// Close ends the connection.
func (e *Engine) Close() { _ = e.client.Close() }

// Has reports whether the engine has an image.
func (e *Engine) Has(ctx context.Context, image string) (bool, error) {
	_, err := e.client.ImageInspect(ctx, image)
	if errdefs.IsNotFound(err) {
		return false, nil
	}
	return err == nil, e.explain("look for "+image, err)
}

// Options says how a container is started.
type Options struct {
	Port int      // of this machine; 0 for any that is free
	Env  []string // NAME=VALUE, over what the image says
}

// Container is a container that runs.
type Container struct {
	URL    string // "http://127.0.0.1:32768"
	engine *Engine
	id     string
}

// Start starts an image and waits until it answers. Where that fails the container is removed, and its log is in the
// error.
func (e *Engine) Start(ctx context.Context, image string, options Options) (*Container, error) {
	inside, err := e.port(ctx, image)
	if err != nil {
		return nil, err
	}
	outside := network.PortBinding{HostIP: netip.MustParseAddr("127.0.0.1")}
	if options.Port != 0 {
		outside.HostPort = fmt.Sprint(options.Port)
	}
	limit := int64(pids)
	created, err := e.client.ContainerCreate(ctx, client.ContainerCreateOptions{
		Image:  image,
		Config: &container.Config{Env: options.Env, Labels: map[string]string{"io.github.sciabarracom.mkimage": "run"}},
		HostConfig: &container.HostConfig{
			CapDrop:      []string{"NET_RAW", "NET_ADMIN"},
			PortBindings: network.PortMap{inside: {outside}},
			Resources: container.Resources{
				Memory:    memory,
				PidsLimit: &limit,
				Ulimits:   []*units.Ulimit{{Name: "nofile", Soft: files, Hard: files}},
			},
		},
	})
	if err != nil {
		return nil, e.explain("start "+image, err)
	}
	c := &Container{engine: e, id: created.ID}
	if err := c.start(ctx, inside); err != nil {
		return nil, errors.Join(e.explain("start "+image, err), c.Remove())
	}
	return c, nil
}

// port returns the port that an image serves: the only one that it exposes, else 8080.
func (e *Engine) port(ctx context.Context, image string) (network.Port, error) {
	usual := network.MustParsePort("8080/tcp")
	found, err := e.client.ImageInspect(ctx, image)
	if err != nil {
		return usual, e.explain("start "+image, err)
	}
	if found.Config == nil || len(found.Config.ExposedPorts) != 1 {
		return usual, nil
	}
	for exposed := range found.Config.ExposedPorts {
		return network.ParsePort(exposed)
	}
	return usual, nil
}

func (c *Container) start(ctx context.Context, inside network.Port) error {
	if _, err := c.engine.client.ContainerStart(ctx, c.id, client.ContainerStartOptions{}); err != nil {
		return err
	}
	for {
		found, err := c.engine.client.ContainerInspect(ctx, c.id, client.ContainerInspectOptions{})
		if err != nil {
			return err
		}
		state := found.Container.State
		if state != nil && !state.Running {
			return fmt.Errorf("it ended with exit status %d: %s", state.ExitCode, c.lastLines(ctx))
		}
		if found.Container.NetworkSettings != nil {
			if bound := found.Container.NetworkSettings.Ports[inside]; len(bound) > 0 {
				c.URL = "http://127.0.0.1:" + bound[0].HostPort
				if answers(ctx, c.URL) {
					return nil
				}
			}
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// answers reports whether something speaks HTTP at an address.
func answers(ctx context.Context, address string) bool {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return true
}

// Wait waits until the container ends by itself, and returns its exit status.
func (c *Container) Wait(ctx context.Context) (int64, error) {
	waiting := c.engine.client.ContainerWait(ctx, c.id, client.ContainerWaitOptions{Condition: container.WaitConditionNotRunning})
	select {
	case ended := <-waiting.Result:
		return ended.StatusCode, nil
	case err := <-waiting.Error:
		if ctx.Err() != nil {
			err = ctx.Err()
		}
		return 0, err
	}
}

// Stop asks the container to end, and kills it after ten seconds, as docker stop does.
func (c *Container) Stop() error {
	_, err := c.engine.client.ContainerStop(context.Background(), c.id, client.ContainerStopOptions{})
	return c.engine.explain("stop the container", err)
}

// Remove removes the container, also while it runs.
func (c *Container) Remove() error {
	_, err := c.engine.client.ContainerRemove(context.Background(), c.id, client.ContainerRemoveOptions{Force: true})
	return c.engine.explain("remove the container", err)
}

func (e *Engine) explain(what string, err error) error { return Explain(what, e.address, err) }
