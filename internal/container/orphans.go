package container

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/moby/moby/client"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
)

// ownerLabel names who removes a container.
const ownerLabel = "io.github.sciabarracom.mkimage.owner"

// Own makes this process the owner of all that it starts and loads from now on, until release is called: when it is
// killed, [Engine.Orphans] finds that.
func (e *Engine) Own(store cache.Dir) (release func()) {
	owner, release := store.Alive(e.endpoint.String())
	e.owner = owner
	return release
}

// Orphan is a container or an image that a killed process has left on the engine.
type Orphan struct {
	Name      string
	owner     string
	container bool
}

// Orphans returns what killed processes have left on the engine, containers first.
func (e *Engine) Orphans(ctx context.Context, store cache.Dir) ([]Orphan, error) {
	killed := store.Killed(e.endpoint.String())
	if len(killed) == 0 {
		return nil, nil
	}
	containers, err := e.client.ContainerList(ctx, client.ContainerListOptions{All: true, Filters: client.Filters{}.Add("label", ownerLabel)})
	if err != nil {
		return nil, e.explain("look for containers", err)
	}
	var found []Orphan
	for _, each := range containers.Items {
		if owner := each.Labels[ownerLabel]; slices.Contains(killed, owner) && len(each.Names) > 0 {
			found = append(found, Orphan{strings.TrimPrefix(each.Names[0], "/"), owner, true})
		}
	}
	images, err := e.client.ImageList(ctx, client.ImageListOptions{Filters: client.Filters{}.Add("reference", loadedAs+"/*")})
	if err != nil {
		return nil, e.explain("look for images", err)
	}
	for _, each := range images.Items {
		for _, name := range each.RepoTags {
			owner, _, _ := strings.Cut(name[strings.LastIndex(name, ":")+1:], "-")
			if slices.Contains(killed, owner) {
				found = append(found, Orphan{name, owner, false})
			}
		}
	}
	return found, nil
}

// RemoveOrphans removes what killed processes have left on the engine, and returns the names of containers among it.
func (e *Engine) RemoveOrphans(ctx context.Context, store cache.Dir) (containers []string, err error) {
	killed := store.Killed(e.endpoint.String())
	found, err := e.Orphans(ctx, store)
	if err != nil {
		return nil, err
	}
	var failures []error
	for _, orphan := range found {
		if !orphan.container {
			failures = append(failures, (&Loaded{orphan.Name, e}).Remove())
			continue
		}
		if err := (&Container{engine: e, id: orphan.Name}).Remove(); err != nil {
			failures = append(failures, err)
			continue
		}
		containers = append(containers, orphan.Name)
	}
	if err := errors.Join(failures...); err != nil {
		return containers, err
	}
	for _, owner := range killed {
		store.Forget(owner)
	}
	return containers, nil
}
