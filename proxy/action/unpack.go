//go:build linux

package action

import (
	"io"
	"path"
	"strconv"
	"strings"
	"syscall"
)

// maxDepth is how many folders deep an archive may go.
const maxDepth = 100

// An unpacker writes an archive's entries below one folder, and nowhere else
// (rule 16): names are checked, and no entry is written through a symlink.
type unpacker struct {
	dir     string
	limits  Limits
	entries int    // those of the archive, and folders that it only implies
	bytes   int64  // of all contents
	made    string // the folder that was made or seen last, without symlinks above it
	buf     []byte

	names  []string // the first few, for the error of an archive without exec
	nested string   // the first exec that is not at the top
}

// unpack fills dir from an archive of the given kind.
func unpack(file *File, kind Kind, dir string, limits Limits) (*unpacker, error) {
	u := &unpacker{dir: dir, limits: limits, buf: make([]byte, 32<<10)}
	if kind == Zip {
		return u, u.zip(file)
	}
	return u, u.tarGz(file)
}

// place checks an entry's name, makes the folders above it, and gives its clean
// form: "." is the folder itself.
func (u *unpacker) place(name string) (string, error) {
	if err := u.count(); err != nil {
		return "", err
	}
	if isAbs(name) || strings.Contains("/"+name+"/", "/../") {
		return "", refuse("the archive holds ", quoted(name), ", a name that leads out of the action's folder")
	}
	clean := path.Clean(name)
	switch {
	case len(name) > syscall.PathMax || strings.Count(clean, "/") > maxDepth:
		return "", refuse("the archive holds ", quoted(name), ", a name that is too long or too deep")
	case strings.Contains(name, "\x00"), strings.HasPrefix(clean, temporary):
		return "", refuse("the archive holds ", quoted(name), ", a name that no file can have here")
	}
	u.note(clean)
	return clean, u.folders(name, path.Dir(clean))
}

func (u *unpacker) count() error {
	if u.entries++; u.entries > u.limits.Entries {
		return u.tooMany()
	}
	return nil
}

func (u *unpacker) note(name string) {
	if len(u.names) <= shownNames && name != "." {
		u.names = append(u.names, name)
	}
	if u.nested == "" && name != execName && lastName(name) == execName {
		u.nested = name
	}
}

// lastName is the part of a name after slashes and backslashes.
func lastName(name string) string { return name[strings.LastIndexAny(name, `/\`)+1:] }

// folders makes a folder and those above it. Only real folders may be there
// already.
func (u *unpacker) folders(name, dir string) error {
	if dir == "." || dir == u.made {
		return nil
	}
	for i := range len(dir) + 1 {
		if i < len(dir) && dir[i] != '/' || strings.HasPrefix(u.made+"/", dir[:i]+"/") {
			continue
		}
		kind, err := lstat(u.path(dir[:i]))
		switch {
		case err == syscall.ENOENT:
			if err := u.count(); err != nil {
				return err
			}
			if err := syscall.Mkdir(u.path(dir[:i]), 0o755); err != nil {
				return u.failed(name, err)
			}
		case err != nil:
			return u.failed(name, err)
		case kind == syscall.S_IFLNK:
			return refuse("the archive holds ", quoted(name), " below the symlink ", quoted(dir[:i]), ": pack it where the symlink leads")
		case kind != syscall.S_IFDIR:
			return refuse("the archive holds ", quoted(name), " below ", quoted(dir[:i]), ", which is a file in it too")
		}
	}
	u.made = dir
	return nil
}

//go:noinline
func (u *unpacker) path(clean string) string { return u.dir + "/" + clean }

func (u *unpacker) folder(name string) error {
	clean, err := u.place(strings.TrimRight(name, "/"))
	if err != nil || clean == "." {
		return err
	}
	return u.folders(name, clean)
}

// create makes something that must not be there yet. A later entry replaces an
// earlier one, but no folder.
func (u *unpacker) create(name, clean string, create func(path string) error) error {
	if clean == "." {
		return refuse("the archive holds ", quoted(name), ", a name that no file can have here")
	}
	path := u.path(clean)
	err := create(path)
	if err == syscall.EEXIST {
		if kind, _ := lstat(path); kind == syscall.S_IFDIR {
			return refuse("the archive holds ", quoted(name), ", which is a folder in it too")
		}
		syscall.Unlink(path)
		err = create(path)
	}
	if err != nil {
		return u.failed(name, err)
	}
	return nil
}

// regular writes a file. size is how large the archive says that it is, in
// bytes.
func (u *unpacker) regular(name string, mode uint32, size int64, content io.Reader) error {
	clean, err := u.place(name)
	if err != nil {
		return err
	}
	if size > u.limits.Unpacked-u.bytes {
		return u.tooLarge()
	}
	var file *File
	err = u.create(name, clean, func(path string) (err error) {
		file, err = openFile(path, syscall.O_WRONLY|syscall.O_CREAT|syscall.O_EXCL, 0o600)
		return err
	})
	if err != nil {
		return err
	}
	defer file.Close()
	for {
		n, err := content.Read(u.buf)
		if u.bytes += int64(n); u.bytes > u.limits.Unpacked {
			return u.tooLarge()
		}
		if _, err := file.Write(u.buf[:n]); err != nil {
			return u.failed(name, err)
		}
		if err == io.EOF {
			break
		}
		if err != nil {
			return damagedAt(name, err)
		}
	}
	if err := syscall.Fchmod(file.fd, 0o644|mode&0o755); err != nil {
		return u.failed(name, err)
	}
	return nil
}

// damagedAt says what is wrong with an entry, unless err is that already.
func damagedAt(name string, err error) error {
	if _, said := err.(*PlaceError); said {
		return err
	}
	return refuse("the archive is damaged at ", quoted(name), ": ", cutOff(err).Error())
}

func (u *unpacker) special(name string) error {
	return refuse("the archive holds ", quoted(name), ", which is neither a file, a folder nor a symlink")
}

func (u *unpacker) tooMany() error {
	return refuse("the archive has more than ", strconv.Itoa(u.limits.Entries), " entries")
}

func (u *unpacker) tooLarge() error {
	return refuse("the archive unpacks to more than ", strconv.FormatInt(u.limits.Unpacked>>20, 10), " MiB")
}

// failed says that an entry could not be written.
func (u *unpacker) failed(name string, err error) error {
	reason := err.Error()
	if err == syscall.ENOSPC || err == syscall.EDQUOT {
		reason += " (make room, or send less)"
	}
	return refuse("cannot unpack ", quoted(name), ": ", reason)
}
