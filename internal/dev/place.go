package dev

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/build"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/container"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layout"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
)

// image starts places.
type image interface {
	where() string // for people
	start(ctx context.Context, log *Screen) (place, error)
	remove() error
}

// place is a running proxy.
type place interface {
	url() string
	ended() bool
	stop() error
}

// started is a place, or the reason why there is none.
type started struct {
	place place
	err   error
}

// startNext starts a place in the background. It always sends one value.
func startNext(from image, log *Screen) <-chan started {
	next := make(chan started, 1)
	go func() {
		made, err := from.start(context.Background(), log)
		next <- started{made, err}
	}()
	return next
}

// build makes the image of the action.
func (s *session) build(ctx context.Context) (image, error) {
	if s.Local {
		return s.buildLocal(ctx)
	}
	definition := s.definition
	definition.Action = ""
	dir, err := os.MkdirTemp("", s.prefix)
	if err != nil {
		return nil, fmt.Errorf("make a folder for the image: %w", human.Reason(err))
	}
	defer os.RemoveAll(dir)
	output, err := publish.Parse("type=oci,dest=" + filepath.Join(dir, "image"))
	if err != nil {
		return nil, err
	}
	options := s.Build
	options.Outputs = []publish.Output{output}
	options.SizeRecord, options.AllowOverBudget, options.Action = filepath.Join(dir, "sizes.json"), true, ""
	options.Platforms = []images.Platform{platform()}
	if _, err := build.Run(ctx, []images.Definition{definition}, options); err != nil {
		return nil, err
	}
	index, err := layout.Read(filepath.Join(dir, "image"))
	if err != nil {
		return nil, err
	}
	picked, _, err := layout.Pick(index)
	if err != nil {
		return nil, err
	}
	engine, err := container.Connect()
	if err != nil {
		return nil, err
	}
	release := engine.Own(s.Build.Cache)
	loaded, err := engine.Load(ctx, definition.Name, picked)
	if err != nil {
		release()
		engine.Close()
		return nil, err
	}
	return &engineImage{engine, loaded, release}, nil
}

// engineImage is an image on a Docker Engine.
type engineImage struct {
	engine *container.Engine
	loaded *container.Loaded

	release func() // the engine has nothing more of this process
}

func (i *engineImage) where() string { return "built for the Docker Engine" }

func (i *engineImage) remove() error {
	defer i.engine.Close()
	err := i.loaded.Remove()
	if err == nil {
		i.release()
	}
	return err
}

func (i *engineImage) start(ctx context.Context, log *Screen) (place, error) {
	made, err := i.engine.Start(ctx, i.loaded.Name, container.Options{Env: []string{"PROXY_ALLOW_REINIT=1", "OW_SHUTDOWN_GRACE=500ms"}})
	if err != nil {
		return nil, err
	}
	watching, stop := context.WithCancel(context.Background())
	p := &engineContainer{Container: made, over: make(chan struct{}), cancel: stop}
	p.group.Go(func() { _ = made.Logs(watching, log) }) // the log ends with the container
	p.group.Go(func() {
		if _, err := made.Wait(watching); err == nil {
			close(p.over)
		}
	})
	return p, nil
}

// engineContainer is a container on a Docker Engine.
type engineContainer struct {
	*container.Container
	over   chan struct{}
	cancel func()
	group  sync.WaitGroup
}

func (c *engineContainer) url() string { return c.URL }

func (c *engineContainer) ended() bool {
	select {
	case <-c.over:
		return true
	default:
		return false
	}
}

func (c *engineContainer) stop() error {
	err := c.Remove()
	c.cancel()
	c.group.Wait()
	return err
}

// loopback listens on a port of this machine's loopback address; 0 is any that is free.
func loopback(port int) (net.Listener, error) {
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return nil, fmt.Errorf("port %d of this machine is taken: name another with --port N, or leave --port out for one that is free (%w)", port, human.Reason(err))
	}
	return listener, nil
}
