package action

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// What an archive may hold at most, as in an upload.
const (
	maxUnpacked = 512 << 20
	maxEntries  = 65536
	maxTarget   = 4095 // bytes, of a symlink
)

// file is one entry of an action, by its path below the action's folder.
type file struct {
	name    string
	mode    fs.FileMode // directory or permissions
	link    string      // target of a symbolic link
	content []byte
}

func find(files []file, name string) file {
	for _, f := range files {
		if f.name == name {
			return f
		}
	}
	return file{}
}

// unpack returns the files that the content consists of: those of an archive, or itself as exec.
func (s *Source) unpack() ([]file, error) {
	u := &unpacker{files: map[string]file{}}
	var err error
	switch {
	case bytes.HasPrefix(s.content, []byte("PK\x03\x04")), bytes.HasPrefix(s.content, []byte("PK\x05\x06")):
		err = u.zip(s.content)
	case bytes.HasPrefix(s.content, []byte("\x1f\x8b")):
		err = u.tarGz(s.content)
	default:
		return []file{{name: "exec", mode: 0o755, content: s.content}}, nil
	}
	if err != nil {
		return nil, err
	}
	return u.all()
}

// unpacker gathers an archive's entries. The rules are those of an upload: no entry leads out of the folder. A symlink
// may, for it is kept as one, and nothing can be below it.
type unpacker struct {
	files map[string]file
	bytes int64
}

// all returns the files by name, with the folders above each, and exec executable.
func (u *unpacker) all() ([]file, error) {
	if _, ok := u.files["exec"]; !ok {
		for name := range u.files {
			if path.Base(name) == "exec" {
				return nil, fmt.Errorf("the archive has %s, and no exec at its top: pack what is in the folder, not the folder", name)
			}
		}
		return nil, errors.New("the archive has no exec at its top")
	}
	var names []string
	for name := range u.files {
		names = append(names, name)
	}
	for _, name := range names {
		for parent := path.Dir(name); parent != "."; parent = path.Dir(parent) {
			if above, there := u.files[parent]; !there {
				u.files[parent] = file{name: parent, mode: fs.ModeDir | 0o775}
			} else if !above.mode.IsDir() {
				return nil, fmt.Errorf("the archive holds %q below %q, which is no folder", name, parent)
			}
		}
	}
	var files []file
	for _, f := range u.files {
		files = append(files, f)
	}
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
	main, err := follow(files, "exec")
	for i := range files {
		if files[i].name == main.name && main.mode.IsRegular() {
			files[i].mode = 0o755
		}
	}
	return files, err
}

func (u *unpacker) zip(content []byte) error {
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return fmt.Errorf("the zip is damaged: %w", err)
	}
	for _, entry := range archive.File {
		in, err := entry.Open()
		if err == nil {
			err = u.add(entry.Name, entry.Mode(), in)
			in.Close()
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (u *unpacker) tarGz(content []byte) error {
	unzipped, err := gzip.NewReader(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("the tar.gz is damaged: %w", err)
	}
	for archive := tar.NewReader(unzipped); ; {
		header, err := archive.Next()
		switch {
		case err == io.EOF:
			return nil
		case err != nil:
			return fmt.Errorf("the tar.gz is damaged: %w", err)
		case header.Typeflag == tar.TypeLink:
			return fmt.Errorf("the archive holds the hard link %q: pack files, not links to them (tar --hard-dereference)", header.Name)
		case header.Typeflag == tar.TypeSymlink:
			err = u.add(header.Name, fs.ModeSymlink, strings.NewReader(header.Linkname))
		default:
			err = u.add(header.Name, header.FileInfo().Mode(), archive)
		}
		if err != nil {
			return err
		}
	}
}

// add takes an entry. The content of a symbolic link is its target. A later entry replaces an earlier one.
func (u *unpacker) add(name string, mode fs.FileMode, content io.Reader) error {
	clean := path.Clean(name)
	switch {
	case path.IsAbs(name), strings.Contains("/"+name+"/", "/../"), strings.ContainsAny(name, "\x00\\"):
		return fmt.Errorf("the archive holds %q, a name that leads out of the action's folder", name)
	case len(u.files) >= maxEntries:
		return fmt.Errorf("the archive has more than %d entries", maxEntries)
	case clean == "." && mode.IsDir():
		return nil
	}
	if mode.IsDir() {
		u.files[clean] = file{name: clean, mode: fs.ModeDir | 0o775}
		return nil
	}
	read, err := io.ReadAll(io.LimitReader(content, maxUnpacked-u.bytes+1))
	if err != nil {
		return fmt.Errorf("the archive is damaged at %q: %w", name, err)
	}
	if u.bytes += int64(len(read)); u.bytes > maxUnpacked {
		return fmt.Errorf("the archive unpacks to more than %d MiB", maxUnpacked>>20)
	}
	switch {
	case mode.Type() == fs.ModeSymlink:
		if len(read) == 0 || len(read) > maxTarget || bytes.IndexByte(read, 0) >= 0 {
			return fmt.Errorf("the archive holds the symlink %q to %.200q, which no symlink can lead to", name, read)
		}
		u.files[clean] = file{name: clean, mode: fs.ModeSymlink, link: string(read)}
	case mode.IsRegular():
		u.files[clean] = file{name: clean, mode: 0o644 | mode.Perm()&0o755, content: read}
	default:
		return fmt.Errorf("the archive holds %q, which is neither a file, a folder nor a symlink", name)
	}
	return nil
}
