//go:build linux

package action

import (
	"archive/zip"
	"bufio"
	"compress/gzip"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
)

// unpacker writes an archive's entries below one folder. It works through an
// os.Root, so that no name and no symlink leads out of it (rule 16).
type unpacker struct {
	root    *os.Root
	limits  Limits
	entries int
	bytes   int64
	names   []string // the first few, for the error of an archive without exec
}

// unpack fills dir from an archive of the given kind.
func unpack(file *os.File, kind Kind, dir string, limits Limits) (*unpacker, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, unwritable(dir, err)
	}
	defer root.Close()
	u := &unpacker{root: root, limits: limits}
	if kind == Zip {
		err = u.zip(file)
	} else {
		err = u.tarGz(file)
	}
	return u, err
}

func (u *unpacker) zip(file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	guard := &directoryGuard{file: file, left: max(1<<20, int64(u.limits.Entries)*256)}
	archive, err := zip.NewReader(guard, info.Size())
	switch {
	case guard.left < 0:
		return u.tooMany()
	case err != nil:
		return refuse("the zip archive is damaged: ", err.Error())
	}
	guard.open = true
	for _, f := range archive.File {
		if err := u.zipEntry(f); err != nil {
			return err
		}
	}
	return nil
}

// directoryGuard bounds how much archive/zip reads before it gives the list of
// entries: it keeps all of them in memory.
type directoryGuard struct {
	file io.ReaderAt
	left int64
	open bool // the list was read
}

func (g *directoryGuard) ReadAt(b []byte, at int64) (int, error) {
	if !g.open {
		if g.left -= int64(len(b)); g.left < 0 {
			return 0, io.ErrUnexpectedEOF
		}
	}
	return g.file.ReadAt(b, at)
}

func (u *unpacker) zipEntry(f *zip.File) error {
	mode := f.Mode()
	switch {
	case mode.IsDir():
		return u.folder(f.Name)
	case mode&fs.ModeSymlink != 0:
		target, err := zipContent(f)
		if err != nil {
			return damaged(f.Name, err)
		}
		return u.symlink(f.Name, string(target))
	case !mode.IsRegular():
		return refuse("the archive holds ", strconv.Quote(f.Name), ", which is neither a file, a folder nor a symlink")
	}
	content, err := f.Open()
	if err != nil {
		return damaged(f.Name, err)
	}
	defer content.Close()
	return u.regular(f.Name, mode.Perm(), content)
}

// zipContent is a short entry's content.
func zipContent(f *zip.File) ([]byte, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, maxTarget+1))
}

func (u *unpacker) tarGz(file *os.File) error {
	z, err := gzip.NewReader(bufio.NewReaderSize(file, 32<<10))
	if err != nil {
		return refuse("the gzip data is damaged: ", err.Error())
	}
	return u.tar(newTar(z))
}

func (u *unpacker) tar(t *tarReader) error {
	for {
		h, err := t.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return refuse("the tar archive is damaged: ", err.Error())
		}
		switch h.kind {
		case tarFolder:
			err = u.folder(h.name)
		case tarSymlink:
			err = u.symlink(h.name, h.link)
		case tarRegular, tarRegularOld, tarContiguous:
			err = u.regular(h.name, h.mode, t)
		case tarHardLink:
			err = refuse("the archive holds the hard link ", strconv.Quote(h.name), ": pack files, not links to them")
		default:
			err = refuse("the archive holds ", strconv.Quote(h.name), ", which is neither a file, a folder nor a symlink")
		}
		if err != nil {
			return err
		}
	}
}

// place checks an entry's name and makes the folders above it.
func (u *unpacker) place(name string) (string, error) {
	if u.entries++; u.entries > u.limits.Entries {
		return "", u.tooMany()
	}
	clean := path.Clean(strings.TrimPrefix(name, "./"))
	if path.IsAbs(name) || !fs.ValidPath(clean) || strings.ContainsAny(name, "\x00") || strings.Contains("/"+name+"/", "/../") {
		return "", refuse("the archive holds ", strconv.Quote(name), ", a name that leads out of the action's folder")
	}
	if len(u.names) < 1000 {
		u.names = append(u.names, clean)
	}
	if dir := path.Dir(clean); dir != "." {
		if err := u.root.MkdirAll(dir, 0o755); err != nil {
			return "", u.failed(name, err)
		}
	}
	return clean, nil
}

func (u *unpacker) folder(name string) error {
	clean, err := u.place(strings.TrimRight(name, "/"))
	if err != nil || clean == "." {
		return err
	}
	if err := u.root.MkdirAll(clean, 0o755); err != nil {
		return u.failed(name, err)
	}
	return nil
}

// maxTarget is how long the target of a symlink may be, in bytes.
const maxTarget = 4096

func (u *unpacker) symlink(name, target string) error {
	clean, err := u.place(name)
	if err != nil {
		return err
	}
	if path.IsAbs(target) || len(target) > maxTarget || !fs.ValidPath(path.Join(path.Dir(clean), target)) {
		return refuse("the archive holds the symlink ", strconv.Quote(name), " to ", strconv.Quote(target), ", which leads out of the action's folder")
	}
	u.root.Remove(clean)
	if err := u.root.Symlink(target, clean); err != nil {
		return u.failed(name, err)
	}
	return nil
}

func (u *unpacker) regular(name string, mode fs.FileMode, content io.Reader) error {
	clean, err := u.place(name)
	if err != nil {
		return err
	}
	u.root.Remove(clean) // a later entry replaces an earlier one, and never writes through a link
	file, err := u.root.OpenFile(clean, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return u.failed(name, err)
	}
	n, err := io.Copy(file, io.LimitReader(content, u.limits.Unpacked-u.bytes+1))
	u.bytes += n
	if closeErr := file.Close(); err == nil && closeErr != nil {
		return u.failed(name, closeErr)
	}
	switch {
	case u.bytes > u.limits.Unpacked:
		return refuse("the archive unpacks to more than ", strconv.FormatInt(u.limits.Unpacked>>20, 10), " MiB")
	case err != nil:
		if _, writing := err.(*fs.PathError); writing {
			return u.failed(name, err)
		}
		return damaged(name, err)
	}
	if err := u.root.Chmod(clean, 0o644|mode.Perm()&0o755); err != nil {
		return u.failed(name, err)
	}
	return nil
}

func (u *unpacker) tooMany() error {
	return refuse("the archive has more than ", strconv.Itoa(u.limits.Entries), " entries")
}

// failed says that an entry could not be written.
func (u *unpacker) failed(name string, err error) error {
	return refuse("cannot unpack ", strconv.Quote(name), ": ", cause(err))
}

func damaged(name string, err error) error {
	return refuse("the archive is damaged at ", strconv.Quote(name), ": ", err.Error())
}
