//go:build linux

package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/load"
)

// Label is on every container of the benchmark.
const Label = "io.github.sciabarracom.mkimage.bench"

// The limits of OpenWhisk's invoker (DockerContainer and its default memory).
const (
	memory = 256 << 20
	pids   = 1024
	files  = 1024
)

// Spec describes a container.
type Spec struct {
	Image      string
	Entrypoint []string // over the image's
	Env        []string
	Init       []byte // body of POST /init; nil: it needs none
	Unlogged   bool   // its output is read and thrown away
}

// Container is a container that runs, with the times of its start.
type Container struct {
	Address string // 127.0.0.1 and the port
	Began   time.Time
	Engine  time.Duration // until the engine has created and started it
	Server  time.Duration // from there until something answered at its port
	Init    time.Duration // that /init took

	engine *Engine
	id     string
}

// Start starts a container, waits until it answers, and sends /init. A container that does not get so far is removed.
func (e *Engine) Start(ctx context.Context, spec Spec) (*Container, error) {
	c, err := e.Run(ctx, spec)
	if err != nil {
		return nil, err
	}
	if err := c.Initialize(spec.Init); err != nil {
		err = fmt.Errorf("start %s: %w; its log: %s", spec.Image, err, c.log(ctx))
		c.Remove()
		return nil, err
	}
	return c, nil
}

// Run starts a container and waits until it answers.
func (e *Engine) Run(ctx context.Context, spec Spec) (*Container, error) {
	port, err := freePort()
	if err != nil {
		return nil, err
	}
	limit := int64(pids)
	host := &container.HostConfig{
		CapDrop: []string{"NET_RAW", "NET_ADMIN"},
		PortBindings: network.PortMap{network.MustParsePort("8080/tcp"): {{
			HostIP: netip.MustParseAddr("127.0.0.1"), HostPort: strconv.Itoa(port),
		}}},
		Resources: container.Resources{
			Memory:    memory,
			PidsLimit: &limit,
			Ulimits:   []*container.Ulimit{{Name: "nofile", Soft: files, Hard: files}},
		},
	}
	if spec.Unlogged {
		host.LogConfig.Type = "none"
	}
	config := &container.Config{
		Image: spec.Image, Env: spec.Env, Entrypoint: spec.Entrypoint, Labels: map[string]string{Label: "run"},
		ExposedPorts: network.PortSet{network.MustParsePort("8080/tcp"): {}},
	}
	c := &Container{Address: "127.0.0.1:" + strconv.Itoa(port), engine: e, Began: time.Now()}
	created, err := e.client.ContainerCreate(ctx, client.ContainerCreateOptions{Name: "mkimage-bench-" + strconv.Itoa(port), Config: config, HostConfig: host})
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", spec.Image, err)
	}
	c.id = created.ID
	if _, err = e.client.ContainerStart(ctx, c.id, client.ContainerStartOptions{}); err == nil {
		c.Engine = time.Since(c.Began)
		if err = c.answers(ctx); err != nil {
			err = fmt.Errorf("%w; its log: %s", err, c.log(ctx))
		}
		c.Server = time.Since(c.Began) - c.Engine
	}
	if err != nil {
		c.Remove()
		return nil, fmt.Errorf("start %s: %w", spec.Image, err)
	}
	return c, nil
}

// answers waits until the server answers anything. The engine's own proxy takes connections before that, and closes
// them.
func (c *Container) answers(ctx context.Context) error {
	for {
		_, err := load.Post(c.Address, "/", []byte("{}"), patience)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return ctx.Err()
		case time.Since(c.Began) > patience:
			return err
		}
		time.Sleep(200 * time.Microsecond)
	}
}

// Initialize sends /init, if there is one.
func (c *Container) Initialize(init []byte) error {
	if init == nil {
		return nil
	}
	began := time.Now()
	answer, err := load.Post(c.Address, "/init", init, patience)
	c.Init = time.Since(began)
	if err == nil && answer.Status != 200 {
		err = fmt.Errorf("/init answered %d: %.300s", answer.Status, answer.Body)
	}
	return err
}

// Usage is what a container has used so far, as docker stats has it.
type Usage struct {
	Processor time.Duration
	Memory    int64 // bytes, without the files that the kernel could drop
}

// Usage returns what the container has used.
func (c *Container) Usage(ctx context.Context) (Usage, error) {
	answer, err := c.engine.client.ContainerStats(ctx, c.id, client.ContainerStatsOptions{})
	if err != nil {
		return Usage{}, err
	}
	defer answer.Body.Close()
	var stats container.StatsResponse
	if err := json.NewDecoder(answer.Body).Decode(&stats); err != nil {
		return Usage{}, fmt.Errorf("read the engine's statistics: %w", err)
	}
	idle := stats.MemoryStats.Stats["total_inactive_file"] // cgroup v1
	if v2, ok := stats.MemoryStats.Stats["inactive_file"]; ok && idle == 0 {
		idle = v2
	}
	return Usage{time.Duration(stats.CPUStats.CPUUsage.TotalUsage), int64(stats.MemoryStats.Usage) - int64(idle)}, nil
}

// Remove kills the container and removes it.
func (c *Container) Remove() {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	_, _ = c.engine.client.ContainerRemove(ctx, c.id, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true}) // it may have gone
}
