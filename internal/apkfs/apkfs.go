// Package apkfs makes files of an image from Alpine packages: it resolves what is wanted, verifies every byte, and
// installs in memory. Nothing is run, and nobody needs to be root.
//
//	source, err := apkfs.Open(mirror, keyFiles, cache)
//	pins, err := source.Resolve(ctx, world)        // or those of a lock
//	tree, err := source.Install(ctx, world, pins)  // tree.Layers[i] are the files of world.Layers[i]
//
// What is trusted: the release keys of Alpine that are part of this program, and those that a user names. A key signs
// an index, the index has the checksum of each package's control part, and that has the SHA-256 of its files. A lock
// stands in the place of the index. Packages are kept in a cache.
//
// It is built on apko's pkg/apk, which checks signatures, takes packages apart and writes records of the package database.
// Its resolver is left aside for package solver, which chooses as apk does, and its installer for the reason at tree.
package apkfs

import (
	"context"
	"log/slog"
	"path"
	"sync"

	"github.com/chainguard-dev/clog"
	"golang.org/x/sync/singleflight"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

// PublicMirror is Alpine's own, and the address that stands in every image.
const PublicMirror = "https://dl-cdn.alpinelinux.org/alpine"

// World is what is wanted for an image on a platform.
type World struct {
	Release  string // such as v3.22
	Platform images.Platform
	Layers   []Layer // the lowest first
}

// Layer is a part of the world that becomes a layer of the image. A package that a lower layer needs is in that one.
type Layer struct {
	Name     string
	Packages []string // as apk add takes them: bash, jq=1.7.1-r0
	Trim     []string // files of this layer's packages that are left out: paths with *, ? and **
	Trimmed  bool     `json:",omitempty"` // what is left out of other layers is in this one
}

// Wanted returns what a lock says of the world.
func (w World) Wanted() []images.Wanted {
	var wanted []images.Wanted
	for _, l := range w.Layers {
		wanted = append(wanted, images.Wanted{Name: l.Name, Packages: l.Packages})
	}
	return wanted
}

// arch is what Alpine calls the machine.
func (w World) arch() string {
	if w.Platform == images.LinuxARM64 {
		return "aarch64"
	}
	return "x86_64"
}

// at returns where something of a repository is at a mirror: v3.22/main/x86_64/NAME.
func (w World) at(repository, name string) string {
	return path.Join(w.Release, repository, w.arch(), name)
}

// repositories are those that packages are looked for in. A mirror may lack all but the first.
func repositories() []string { return []string{"main", "community"} }

// Package is a package that was installed.
type Package struct {
	images.Pin
	Platform    images.Platform
	Description string
	License     string // as Alpine has it, which is often no valid SPDX expression
	Origin      string // the source package
	URL         string // of the project
	Maintainer  string
	Commit      string // of Alpine's package tree
	Depends     []string
	Provides    []string
	Files       []string // paths that it has in the image, sorted, without folders
}

// Tree is an installed world.
type Tree struct {
	Layers   [][]layer.File // of each layer of the world, in no order
	Packages []Package      // in the order of the layers, by name
	Trimmed  map[string]int64
}

// Source is where packages come from. It may be used from several goroutines.
type Source struct {
	mirror mirror
	extra  map[string][]byte // keys of the user's, by file name
	store  cache.Dir

	flights singleflight.Group
	mutex   sync.Mutex
	indexes map[string]*opened
}

// Open returns the packages of a mirror, laid out as RELEASE/REPOSITORY/ARCHITECTURE: a folder, an https or an http
// URL, or Alpine's own where it is "". The files are public keys to trust beside Alpine's. Packages are kept in store.
// Nothing is asked of the mirror yet.
func Open(where string, keyFiles []string, store cache.Dir) (*Source, error) {
	extra, err := readKeys(keyFiles)
	if err != nil {
		return nil, err
	}
	mirror, err := newMirror(where)
	if err != nil {
		return nil, err
	}
	return &Source{mirror: mirror, extra: extra, store: store, indexes: map[string]*opened{}}, nil
}

// silent keeps apko from writing to stderr.
func silent(ctx context.Context) context.Context {
	return clog.WithLogger(ctx, clog.New(slog.DiscardHandler))
}
