package container

import (
	"cmp"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/docker/cli/cli/config"
	contexts "github.com/docker/cli/cli/context"
	"github.com/docker/cli/cli/context/docker"
	"github.com/docker/cli/cli/context/store"
	"github.com/docker/cli/opts"
	"github.com/moby/moby/client"
)

// endpoint is the address of an engine, and the way to reach it.
type endpoint struct {
	docker.Endpoint
	context string // docker's name for it, or "" where it is $DOCKER_HOST or the usual address
}

// find returns the engine that docker's own client takes: that of $DOCKER_HOST, else of $DOCKER_CONTEXT, else of the
// context that "docker context use" has chosen, else the one at the usual address (docker/cli, cli/command/cli.go).
func find() (endpoint, error) {
	if os.Getenv(client.EnvOverrideHost) == "" {
		name := os.Getenv("DOCKER_CONTEXT")
		if name == "" {
			if settings, err := config.Load(configDir()); err == nil { // docker goes on without, too
				name = settings.CurrentContext
			}
		}
		if name != "" && name != "default" {
			return inContext(name)
		}
	}
	secrets, err := fromEnvironment()
	if err != nil {
		return endpoint{}, fmt.Errorf("read the certificates of the Docker Engine: %w", err)
	}
	host, err := opts.ParseHost(secrets != nil, os.Getenv(client.EnvOverrideHost))
	if err != nil {
		return endpoint{}, fmt.Errorf("DOCKER_HOST=%s: %w", host, err)
	}
	unsafe := secrets != nil && os.Getenv(client.EnvTLSVerify) == ""
	return endpoint{Endpoint: docker.Endpoint{EndpointMeta: docker.EndpointMeta{Host: host, SkipTLSVerify: unsafe}, TLSData: secrets}}, nil
}

func configDir() string {
	if dir := os.Getenv(config.EnvOverrideConfigDir); dir != "" {
		return dir
	}
	home, _ := os.UserHomeDir() // without one there are no contexts
	return filepath.Join(home, ".docker")
}

// inContext returns the engine of a context of docker's.
func inContext(name string) (endpoint, error) {
	types := store.NewConfig(func() any { return &map[string]any{} },
		store.EndpointTypeGetter(docker.DockerEndpoint, func() any { return &docker.EndpointMeta{} }))
	all := store.New(filepath.Join(configDir(), "contexts"), types)
	found, err := all.GetMetadata(name)
	var meta docker.EndpointMeta
	if err == nil {
		meta, err = docker.EndpointFromContext(found)
	}
	var made docker.Endpoint
	if err == nil {
		made, err = docker.WithTLSData(all, name, meta)
	}
	if err != nil {
		return endpoint{}, fmt.Errorf("docker's context %q: %w: choose another one with docker context use, or set DOCKER_HOST", name, err)
	}
	made.Host = cmp.Or(made.Host, client.DefaultDockerHost)
	return endpoint{made, name}, nil
}

// fromEnvironment returns the certificates for an engine that speaks TLS, or nil if none is asked for.
func fromEnvironment() (*contexts.TLSData, error) {
	if os.Getenv(client.EnvTLSVerify) == "" && os.Getenv("DOCKER_TLS") == "" {
		return nil, nil
	}
	dir := cmp.Or(os.Getenv(client.EnvOverrideCertPath), configDir())
	var files [3]string
	for i, name := range []string{"ca.pem", "cert.pem", "key.pem"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			files[i] = filepath.Join(dir, name)
		} else if os.Getenv(client.EnvOverrideCertPath) != "" {
			return nil, &fs.PathError{Op: "open", Path: filepath.Join(dir, name), Err: fs.ErrNotExist}
		}
	}
	secrets, err := contexts.TLSDataFromFiles(files[0], files[1], files[2])
	if secrets == nil {
		secrets = &contexts.TLSData{}
	}
	return secrets, err
}

// String returns the address of the engine, for errors.
func (e endpoint) String() string {
	if e.context == "" {
		return e.Host
	}
	return fmt.Sprintf("%s (docker's context %s)", e.Host, e.context)
}
