package container

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

const (
	pause   = 20 * time.Millisecond // before a container is asked again whether it is ready
	unheard = 10 * time.Second      // how long a running container may take to listen at its port
	unready = time.Minute           // how long it may take to answer
	oneTry  = 2 * time.Second
)

// host returns the name of the engine's machine as it is reached from here, or "" for this machine.
func (e endpoint) host() string {
	parsed, err := url.Parse(e.Host)
	if err != nil || parsed.Scheme == "unix" || parsed.Scheme == "npipe" {
		return ""
	}
	name := parsed.Hostname()
	if address, err := netip.ParseAddr(name); name == "localhost" || err == nil && address.IsLoopback() {
		return ""
	}
	return name
}

// tunnelled reports whether the engine is reached through ssh, which reaches no port beside it.
func (e endpoint) tunnelled() bool {
	parsed, err := url.Parse(e.Host)
	return err == nil && parsed.Scheme == "ssh"
}

// binding returns where a port is bound on the engine's machine: to its loopback address, unless that is to be reached
// from here over the network.
func (e endpoint) binding() network.PortBinding {
	if e.host() != "" && !e.tunnelled() {
		return network.PortBinding{}
	}
	return network.PortBinding{HostIP: netip.MustParseAddr("127.0.0.1")}
}

// url returns the address of a port of the engine's machine.
func (e endpoint) url(port string) string {
	name := e.host()
	if name == "" || e.tunnelled() {
		name = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(name, port)
}

// start starts the container and waits until it answers.
func (c *Container) start(ctx context.Context, inside network.Port) error {
	if _, err := c.engine.client.ContainerStart(ctx, c.id, client.ContainerStartOptions{}); err != nil {
		return err
	}
	transport := &http.Transport{} // no proxy is on the way
	defer transport.CloseIdleConnections()
	asking := &http.Client{Transport: transport, Timeout: oneTry}
	heard := false
	for began := time.Now(); ; {
		port, err := c.bound(ctx, inside)
		if err != nil {
			return err
		}
		if port != "" {
			c.URL = c.engine.endpoint.url(port)
			listens, err := answers(ctx, asking, c.URL)
			if err == nil {
				return nil
			}
			heard = heard || listens
			if waited := time.Since(began); !heard && waited > unheard || waited > unready {
				return c.unreached(port, err)
			}
		} else if time.Since(began) > unready {
			return fmt.Errorf("the engine binds no port for %s", inside)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(pause):
		}
	}
}

// bound returns the port of the engine's machine that a port of the container is bound to, or "" while there is none.
func (c *Container) bound(ctx context.Context, inside network.Port) (string, error) {
	found, err := c.engine.client.ContainerInspect(ctx, c.id, client.ContainerInspectOptions{})
	if err != nil {
		return "", err
	}
	if state := found.Container.State; state != nil && !state.Running {
		return "", fmt.Errorf("it ended with exit status %d: %s", state.ExitCode, c.lastLines(ctx))
	}
	if found.Container.NetworkSettings != nil {
		for _, each := range found.Container.NetworkSettings.Ports[inside] {
			return each.HostPort, nil
		}
	}
	return "", nil
}

// answers sends a HTTP request. It reports whether a server listens, and why there was no answer.
func answers(ctx context.Context, asking *http.Client, address string) (listens bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return false, err
	}
	response, err := asking.Do(request)
	if err == nil {
		return true, response.Body.Close()
	}
	dialled := new(net.Dialer)
	dialled.Timeout = oneTry
	conn, dialErr := dialled.DialContext(ctx, "tcp", request.URL.Host)
	if dialErr != nil {
		return false, dialErr
	}
	_ = conn.Close()
	return true, err
}

// unreached returns an error that says why a running container does not answer, as far as it can be seen from here.
func (c *Container) unreached(port string, err error) error {
	at := c.engine.endpoint
	switch {
	case at.tunnelled():
		return fmt.Errorf("it runs, at port %s of the loopback address of %s, which ssh does not bring here: choose a port with --port N, "+
			"and forward it first: ssh -N -L N:127.0.0.1:N %s", port, at.host(), at.host())
	case at.host() != "":
		return fmt.Errorf("it runs, but nobody answers at %s, on the engine's machine: %w: is that port closed to this machine?", c.URL, err)
	}
	return fmt.Errorf("it runs, but nobody answers at %s: %w: the engine binds ports of its own machine, so it seems to be another one: "+
		"in a container, run mkimage with --network host; else set DOCKER_HOST=tcp://HOST:PORT", c.URL, err)
}
