package layer

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
)

// File is one entry of a layer.
//
// The type is in Mode: a regular file, a directory ([fs.ModeDir]) or a symbolic link ([fs.ModeSymlink]). A regular
// file with Link is a hard link to that path. Owners are numbers; a layer knows no names.
type File struct {
	Path     string      // without a leading slash: bin/proxy
	Mode     fs.FileMode // type, permissions, and [fs.ModeSetuid], [fs.ModeSetgid], [fs.ModeSticky]
	UID, GID int
	Link     string // target of a symbolic or hard link
	Size     int64  // bytes of content of a regular file
	Open     func() (io.ReadCloser, error)
}

// Regular returns a file of root's with the given content.
func Regular(path string, permissions fs.FileMode, content []byte) File {
	return File{Path: path, Mode: permissions, Size: int64(len(content)), Open: func() (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(content)), nil
	}}
}

// Directory returns a directory of root's.
func Directory(path string, permissions fs.FileMode) File {
	return File{Path: path, Mode: fs.ModeDir | permissions}
}

// Symlink returns a symbolic link of root's.
func Symlink(path, target string) File {
	return File{Path: path, Mode: fs.ModeSymlink | 0o777, Link: target}
}

func (f File) isSymlink() bool  { return f.Mode.Type() == fs.ModeSymlink }
func (f File) isHardLink() bool { return f.Mode.IsRegular() && f.Link != "" }
func (f File) hasContent() bool { return f.Mode.IsRegular() && !f.isHardLink() }

// read gives the content to a function; there is none where the file is not a regular one.
func (f File) read(do func(content io.Reader) error) error {
	if !f.hasContent() {
		return do(nil)
	}
	content, err := f.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	return do(content)
}

// canonical returns the files in a layer's order: sorted by path, so that a directory comes before its files, and hard
// links last, after their targets. It refuses files that cannot be in one layer.
func canonical(files []File) ([]File, error) {
	sorted := slices.Clone(files)
	slices.SortStableFunc(sorted, func(a, b File) int {
		if a.isHardLink() != b.isHardLink() {
			if b.isHardLink() {
				return -1
			}
			return 1
		}
		return cmp.Compare(a.Path, b.Path)
	})
	seen := make(map[string]File, len(sorted))
	for _, file := range sorted {
		if err := file.check(); err != nil {
			return nil, fmt.Errorf("%q: %w", file.Path, err)
		}
		if _, again := seen[file.Path]; again {
			return nil, fmt.Errorf("%q is there twice", file.Path)
		}
		for dir := path.Dir(file.Path); dir != "."; dir = path.Dir(dir) {
			if parent, ok := seen[dir]; ok && !parent.Mode.IsDir() {
				return nil, fmt.Errorf("%q is in %q, which is not a directory", file.Path, dir)
			}
		}
		if file.isHardLink() {
			if target, ok := seen[file.Link]; !ok || !target.Mode.IsRegular() || target.isHardLink() {
				return nil, fmt.Errorf("%q links to %q, which is not a regular file of the layer", file.Path, file.Link)
			}
		}
		seen[file.Path] = file
	}
	return sorted, nil
}

func (f File) check() error {
	switch {
	case !fs.ValidPath(f.Path) || f.Path == "." || strings.ContainsRune(f.Path, 0):
		return fmt.Errorf("want a clean path without a leading slash")
	case content.IsWhiteout(f.Path):
		return fmt.Errorf("a name that begins with .wh. deletes files in a layer")
	case f.UID < 0 || f.GID < 0:
		return fmt.Errorf("owner %d:%d is negative", f.UID, f.GID)
	case f.isSymlink() && f.Link == "":
		return fmt.Errorf("a symbolic link without a target")
	case f.Mode.IsDir() && f.Link != "":
		return fmt.Errorf("a directory with a link target")
	case f.Mode.IsRegular() && f.Link == "" && f.Open == nil:
		return fmt.Errorf("a file without content")
	case !f.Mode.IsRegular() && !f.Mode.IsDir() && !f.isSymlink():
		return fmt.Errorf("neither a regular file nor a directory nor a symbolic link")
	}
	return nil
}
