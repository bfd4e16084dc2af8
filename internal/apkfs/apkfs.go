// Package apkfs makes the files of an image from Alpine packages. It resolves packages, verifies every byte, and
// installs in memory. It runs nothing, and needs no root.
//
//	source, err := apkfs.Open(mirror, keyFiles, cache)
//	pins, err := source.Resolve(ctx, world)        // or those of a lock
//	tree, err := source.Install(ctx, world, pins)  // tree.Layers[i] are the files of world.Layers[i]
//
// It trusts the release keys of Alpine that are part of this program, and the keys that a user names. A key signs an
// index, the index has the checksum of each package's control part, and the control part has the SHA-256 of the files.
// A lock replaces the index. Packages are kept in a cache.
//
// apko's packages expandapk and types unpack packages. Its package apk is not used: it needs 398 MB of modules for a
// login with Google, and its resolver does not choose as apk does.
package apkfs

import (
	"path"
	"sync"

	"golang.org/x/sync/singleflight"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

// PublicMirror is Alpine's own mirror, and the one in /etc/apk/repositories of every image.
const PublicMirror = "https://dl-cdn.alpinelinux.org/alpine"

// World is the set of packages wanted for an image on a platform.
type World struct {
	Release  string // such as v3.22
	Platform images.Platform
	Layers   []Layer // the lowest first
}

// Layer is a part of the world that becomes a layer of the image. Packages that a lower layer needs are in that layer.
type Layer struct {
	Name     string
	Packages []string // as apk add takes them: bash, jq=1.7.1-r0
	Trim     []string // files of these packages to leave out: paths with *, ? and **
	Bytecode []string `json:",omitempty"` // sources in Python, as Trim has paths, that its bytecode is to replace,
	Source   []string `json:",omitempty"` // and those of them that stay
	Trimmed  bool     `json:",omitempty"` // it has the files that other layers leave out
}

// Wanted returns the world as a lock records it.
func (w World) Wanted() []images.Wanted {
	var wanted []images.Wanted
	for _, l := range w.Layers {
		wanted = append(wanted, images.Wanted{Name: l.Name, Packages: l.Packages})
	}
	return wanted
}

// arch returns Alpine's name of the machine.
func (w World) arch() string { return Arch(w.Platform) }

// Arch returns Alpine's name of a platform's machine.
func Arch(platform images.Platform) string {
	switch platform {
	case images.LinuxAMD64:
		return "x86_64"
	case images.LinuxARM64:
		return "aarch64"
	case images.LinuxARMv7:
		return "armv7"
	}
	return platform.Architecture()
}

// at returns the path of a file in a repository of a mirror: v3.22/main/x86_64/NAME.
func (w World) at(repository, name string) string {
	return path.Join(w.Release, repository, w.arch(), name)
}

// repositories returns the repositories to look in. A mirror may lack all but the first.
func repositories() []string { return []string{"main", "community"} }

// Package is an installed package.
type Package struct {
	images.Pin
	Platform    images.Platform
	Description string
	License     string // as Alpine has it, which is often no valid SPDX expression
	Origin      string // the source package
	URL         string // of the project
	Maintainer  string
	Commit      string // of Alpine's tree of package recipes
	Depends     []string
	Provides    []string
	Files       []string // its paths in the image, sorted, without folders
}

// Tree is an installed world.
type Tree struct {
	Layers   [][]layer.File // of each layer of the world, in no order
	Packages []Package      // in the order of the layers, by name
	Trimmed  map[string]int64
}

// Source is a source of packages. It may be used from several goroutines.
type Source struct {
	mirror mirror
	extra  map[string][]byte // the user's keys, by file name
	store  cache.Dir

	flights singleflight.Group
	mutex   sync.Mutex
	indexes map[string]*opened
}

// Open returns the packages of a mirror with the layout RELEASE/REPOSITORY/ARCHITECTURE: a folder, an https or http
// URL, or Alpine's own for "". The files are public keys to trust beside Alpine's. Packages are kept in store. Open
// sends no request.
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
