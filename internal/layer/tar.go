package layer

import (
	"archive/tar"
	"fmt"
	"io"
	"io/fs"
	"time"
)

// writeTar writes files, which are in canonical order, as a canonical tar: numeric owners, one modification time,
// and the ustar format where a name or a number does not need PAX.
func writeTar(w io.Writer, files []File, mtime time.Time) error {
	archive := tar.NewWriter(w)
	for _, file := range files {
		if err := archive.WriteHeader(header(file, mtime)); err != nil {
			return fmt.Errorf("write %s: %w", file.Path, err)
		}
		if !file.hasContent() {
			continue
		}
		if err := copyContent(archive, file); err != nil {
			return fmt.Errorf("write %s: %w", file.Path, err)
		}
	}
	return archive.Close()
}

func copyContent(w io.Writer, file File) error {
	return file.read(func(content io.Reader) error {
		n, err := io.Copy(w, content)
		if err == nil && n != file.Size {
			err = fmt.Errorf("%d bytes, want %d", n, file.Size)
		}
		return err
	})
}

func header(file File, mtime time.Time) *tar.Header {
	h := &tar.Header{
		Name:     file.Path,
		Typeflag: tar.TypeReg,
		Linkname: file.Link,
		Mode:     int64(file.Mode.Perm()) | special(file.Mode),
		Uid:      file.UID,
		Gid:      file.GID,
		ModTime:  mtime.Truncate(time.Second),
	}
	switch {
	case file.Mode.IsDir():
		h.Name += "/"
		h.Typeflag = tar.TypeDir
	case file.isSymlink():
		h.Typeflag = tar.TypeSymlink
	case file.isHardLink():
		h.Typeflag = tar.TypeLink
	default:
		h.Size = file.Size
	}
	return h
}

// special returns the bits of a Unix mode above the permissions.
func special(mode fs.FileMode) int64 {
	var bits int64
	if mode&fs.ModeSetuid != 0 {
		bits |= 0o4000
	}
	if mode&fs.ModeSetgid != 0 {
		bits |= 0o2000
	}
	if mode&fs.ModeSticky != 0 {
		bits |= 0o1000
	}
	return bits
}
