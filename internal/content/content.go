// Package content describes the content of a layer, from one pass over its bytes: every entry, the hashes of files, the
// Go programs among them, and the texts that list the installed packages. Descriptions are kept in the cache by the
// layer's digest.
//
//	image, err := content.Read(img, store)          // all layers of an image, and the files that are seen in it
//	one, err := content.Of(layer, store)            // one layer
//	err := list.Add(header, file)                   // a layer that is being made: a [content.List] of its entries
//	err = content.Keep(store, list.Layer)
package content

import (
	"archive/tar"
	"debug/buildinfo"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/goparts"
)

// The files whose text is kept: of an Alpine image the packages and the release, of any the names of users and groups.
const (
	UsersPath     = "etc/passwd"
	GroupsPath    = "etc/group"
	DatabasePath  = "lib/apk/db/installed"
	WorldPath     = "etc/apk/world"
	OSReleasePath = "etc/os-release"
)

// Layer describes the content of a layer.
type Layer struct {
	Digest  v1.Hash           // of the compressed bytes
	DiffID  v1.Hash           // of the tar stream
	TarSize int64             // bytes of the tar stream
	Entries []Entry           // in the order of the archive
	Texts   map[string][]byte // of the paths above, where the layer has them
}

// Entry is an entry of a layer's archive.
type Entry struct {
	Path   string // without a leading slash
	Type   byte   // of archive/tar: tar.TypeReg, tar.TypeSymlink, …
	Mode   int64  // permission and mode bits
	UID    int    `json:",omitempty"` // the owner
	GID    int    `json:",omitempty"` // the group
	Link   string `json:",omitempty"` // the target of a symbolic or a hard link
	Size   int64  `json:",omitempty"` // bytes of a regular file
	SHA1   string `json:",omitempty"` // of a regular file, in hexadecimal
	SHA256 string `json:",omitempty"`
	// Program is the build information of a Go program, else nil.
	Program *buildinfo.BuildInfo `json:",omitempty"`
	// Parts are those of a Go program, which add up to Size.
	Parts []goparts.Part `json:",omitempty"`
}

// DockerSize returns the size of a layer as Docker's classic stores count it, in bytes: regular files, each once
// however many hard links it has, and the targets of symbolic links.
func DockerSize(entries []Entry) int64 {
	var sum int64
	for _, e := range entries {
		switch e.Type {
		case tar.TypeReg:
			sum += e.Size
		case tar.TypeSymlink:
			sum += int64(len(e.Link))
		}
	}
	return sum
}
