// Package container is the Docker Engine that docker's own client takes: it loads images there, starts one as
// OpenWhisk's invoker does, with its limits, and follows its log.
//
//	engine, err := container.Connect()
//	loaded, err := engine.Load(ctx, "hello", image)
//	defer loaded.Remove()
//	started, err := engine.Start(ctx, loaded.Name, container.Options{})
//	defer started.Remove()
package container

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// The invoker's limits for a container (OpenWhisk, invoker's DockerContainer and its default memory).
const (
	memory = 256 << 20
	pids   = 1024
	files  = 1024
)

// lateAnswer is how long the engine may take to finish its work after the user has interrupted.
const lateAnswer = 30 * time.Second

// Engine is the Docker Engine that docker's own client takes.
type Engine struct {
	client   *client.Client
	endpoint endpoint
	owner    string // of all that is started and loaded, or ""; see Own
}

// Connect returns the engine. Whether it answers shows with the first call.
func Connect() (*Engine, error) {
	found, err := find()
	if err != nil {
		return nil, err
	}
	options, err := found.ClientOpts()
	var connected *client.Client
	if err == nil {
		connected, err = client.New(options...)
	}
	if err != nil {
		return nil, fmt.Errorf("the Docker Engine at %s: %w", found, err)
	}
	return &Engine{client: connected, endpoint: found}, nil
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

// Options are the settings of a container.
type Options struct {
	Port int      // of the engine's machine; 0 for any that is free
	Env  []string // NAME=VALUE, over the image's environment
}

// Container is a container that runs.
type Container struct {
	URL    string // "http://127.0.0.1:32768"
	engine *Engine
	id     string
}

// Start starts an image and waits until it answers. Where that fails, or the context ends, the container is removed,
// and its log is in the error.
func (e *Engine) Start(ctx context.Context, image string, options Options) (*Container, error) {
	inside, err := e.port(ctx, image)
	if err != nil {
		return nil, err
	}
	outside := e.endpoint.binding()
	if options.Port != 0 {
		outside.HostPort = fmt.Sprint(options.Port)
	}
	limit := int64(pids)
	labels := map[string]string{"io.github.sciabarracom.mkimage": "run"}
	if e.owner != "" {
		labels[ownerLabel] = e.owner
	}
	c := &Container{engine: e, id: "mkimage-run-" + unique()}
	err = c.create(ctx, client.ContainerCreateOptions{
		Name:   c.id,
		Image:  image,
		Config: &container.Config{Env: options.Env, Labels: labels},
		HostConfig: &container.HostConfig{
			CapDrop:      []string{"NET_RAW", "NET_ADMIN"},
			PortBindings: network.PortMap{inside: {outside}},
			Resources: container.Resources{
				Memory:    memory,
				PidsLimit: &limit,
				Ulimits:   []*container.Ulimit{{Name: "nofile", Soft: files, Hard: files}},
			},
		},
	})
	if err == nil {
		err = c.start(ctx, inside)
	}
	if err != nil {
		return nil, errors.Join(e.explain("start "+image, err), c.Remove())
	}
	return c, nil
}

// unique returns a word that no other process takes.
func unique() string { return strings.ToLower(rand.Text()[:12]) }

// create creates the container. The engine creates one also if the client has gone, so create waits for the answer
// after an interrupt: the container can then be removed.
func (c *Container) create(ctx context.Context, options client.ContainerCreateOptions) error {
	patient, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	defer context.AfterFunc(ctx, func() { time.AfterFunc(lateAnswer, cancel) })()
	_, err := c.engine.client.ContainerCreate(patient, options)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return err
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

// Stop asks the container to end, and kills it after ten seconds, as docker stop does. It waits no longer than the
// context.
func (c *Container) Stop(ctx context.Context) error {
	_, err := c.engine.client.ContainerStop(ctx, c.id, client.ContainerStopOptions{})
	if ctx.Err() != nil {
		return nil // it is removed as it is
	}
	return c.engine.explain("stop the container", err)
}

// Remove removes the container, also while it runs. One that is not there is no failure.
func (c *Container) Remove() error {
	ctx, cancel := context.WithTimeout(context.Background(), lateAnswer)
	defer cancel()
	_, err := c.engine.client.ContainerRemove(ctx, c.id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true})
	if errdefs.IsNotFound(err) {
		return nil
	}
	return c.engine.explain("remove the container "+c.id, err)
}

func (e *Engine) explain(what string, err error) error {
	address := e.endpoint.String()
	if strings.HasPrefix(address, "ssh:") && client.IsErrConnectionFailed(err) && !strings.Contains(err.Error(), said) {
		err = cmp.Or(e.reason(), err)
	}
	return Explain(what, address, err)
}
