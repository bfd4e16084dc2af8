//go:build linux

// Package engine has the servers of the benchmark in containers, with the limits of OpenWhisk's invoker, and times every
// step of their start:
//
//	e, err := engine.Connect(ctx)
//	c, err := e.Start(ctx, engine.Spec{Image: "mkimage-bench/scratch", Init: upload})
//	defer c.Remove()
package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/moby/moby/api/types/jsonstream"
	"github.com/moby/moby/client"
)

// patience is how long one step may take.
const patience = time.Minute

// Engine is the Docker Engine of $DOCKER_HOST, which is on this machine.
type Engine struct {
	Version string
	client  *client.Client
}

// Connect returns the engine if it answers.
func Connect(ctx context.Context) (*Engine, error) {
	c, err := client.New(client.FromEnv)
	if err != nil {
		return nil, fmt.Errorf("connect to the Docker Engine: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	version, err := c.ServerVersion(ctx, client.ServerVersionOptions{})
	if err != nil {
		return nil, fmt.Errorf("connect to the Docker Engine: %w: start it with eval \"$(ci/services)\"", err)
	}
	return &Engine{version.Version, c}, nil
}

// Close ends the connection.
func (e *Engine) Close() { _ = e.client.Close() }

// Size returns the size of an image in bytes, as docker images prints it.
func (e *Engine) Size(ctx context.Context, image string) (int64, error) {
	found, err := e.client.ImageInspect(ctx, image)
	if err != nil {
		return 0, fmt.Errorf("size of %s: %w", image, err)
	}
	return found.Size, nil
}

// Pull pulls an image, and returns how many of its layers were pulled and how many the engine had.
func (e *Engine) Pull(ctx context.Context, image string) (pulled, present int, err error) {
	ctx, cancel := context.WithTimeout(ctx, 5*patience)
	defer cancel()
	answer, err := e.client.ImagePull(ctx, image, client.ImagePullOptions{})
	if err != nil {
		return 0, 0, fmt.Errorf("pull %s: %w", image, err)
	}
	defer answer.Close()
	for message, err := range answer.JSONMessages(ctx) {
		if err = errors.Join(err, failure(message)); err != nil {
			return 0, 0, fmt.Errorf("pull %s: %w", image, err)
		}
		switch message.Status {
		case "Pull complete":
			pulled++
		case "Already exists":
			present++
		}
	}
	return pulled, present, nil
}

func failure(message jsonstream.Message) error {
	if message.Error != nil {
		return message.Error
	}
	return nil
}

// Forget takes an image away, with the layers that no other image has.
func (e *Engine) Forget(ctx context.Context, image string) error {
	_, err := e.client.ImageRemove(ctx, image, client.ImageRemoveOptions{Force: true, PruneChildren: true})
	if err != nil && !strings.Contains(strings.ToLower(err.Error()), "no such image") {
		return fmt.Errorf("remove the image %s: %w", image, err)
	}
	return nil
}

// freePort returns a port of the loopback interface at which nobody listens.
func freePort() (int, error) {
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("find a port: %w", err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port, nil
}
