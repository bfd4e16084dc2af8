package code

import (
	"io"
	"path"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// Limits bound an upload. Sizes are in bytes.
type Limits struct {
	Code     int64 // the upload, decoded
	Unpacked int64 // all that an archive holds
	Entries  int   // how many entries an archive has
}

// The limits of an archive, unless a caller has others.
const (
	MostUnpacked = 512 << 20
	MostEntries  = 65536
)

const (
	maxDepth  = 100  // folders that an archive may go deep
	maxTarget = 4095 // bytes of a symlink's target
)

// An Archive is one that was unpacked. Its entries are below one folder, and nowhere else (rule 16): names are checked,
// and no entry is written through a symlink.
type Archive struct {
	Dir    string
	Nested string // the first exec that is not at the top, "" for none

	tree    Tree
	limits  Limits
	entries int      // those of the archive, and folders that it only implies
	bytes   int64    // of all contents
	made    string   // the folder that was made or seen last, without symlinks above it
	names   []string // the first few, for the error of an archive without exec
	buf     []byte
	name    string    // of the current file
	content io.Reader // likewise
}

// Unpack fills the folder dir from an archive of a kind, Zip or Gzip, and a size in bytes.
func Unpack(tree Tree, file io.ReaderAt, size int64, kind Kind, dir string, limits Limits) (*Archive, error) {
	a := &Archive{Dir: dir, tree: tree, limits: limits, buf: make([]byte, 32<<10)}
	if kind == Zip {
		return a, a.zip(file, size)
	}
	return a, a.tarGz(file, size)
}

// place checks an entry's name, makes the folders above it, and gives its clean form: "." is the folder itself.
func (a *Archive) place(name string) (string, error) {
	if err := a.count(); err != nil {
		return "", err
	}
	if isAbs(name) || strings.Contains("/"+name+"/", "/../") {
		return "", holds(name, ", a name that leads out of the action's folder")
	}
	clean := path.Clean(name)
	switch {
	case len(name) > mostPath || strings.Count(clean, "/") > maxDepth:
		return "", holds(name, ", a name that is too long or too deep")
	case strings.Contains(name, "\x00"), strings.HasPrefix(clean, Temporary):
		return "", holds(name, ", a name that no file can have here")
	}
	a.note(clean)
	return clean, a.folders(name, path.Dir(clean))
}

func (a *Archive) count() error {
	if a.entries++; a.entries > a.limits.Entries {
		return a.tooMany()
	}
	return nil
}

func (a *Archive) note(name string) {
	if len(a.names) <= shownNames && name != "." {
		a.names = append(a.names, name)
	}
	if a.Nested == "" && name != Exec && lastName(name) == Exec {
		a.Nested = name
	}
}

// lastName returns the part of a name after slashes and backslashes.
func lastName(name string) string {
	return name[max(strings.LastIndexByte(name, '/'), strings.LastIndexByte(name, '\\'))+1:]
}

// folders makes a folder and those above it. Only real folders may be there already.
func (a *Archive) folders(name, dir string) error {
	if dir == "." || dir == a.made {
		return nil
	}
	for i := range len(dir) + 1 {
		if i < len(dir) && dir[i] != '/' || strings.HasPrefix(a.made+"/", dir[:i]+"/") {
			continue
		}
		switch a.tree.Lstat(a.path(dir[:i])) & TypeMask {
		case 0:
			if err := a.count(); err != nil {
				return err
			}
			if err := a.tree.Mkdir(a.path(dir[:i])); err != nil {
				return a.failed(name, err)
			}
		case Folder:
		case Symlink:
			return holds(name, " below the symlink "+Quoted(dir[:i])+": pack it where the symlink leads")
		default:
			return holds(name, " below "+Quoted(dir[:i])+", which is a file in it too")
		}
	}
	a.made = dir
	return nil
}

//go:noinline
func (a *Archive) path(clean string) string { return a.Dir + "/" + clean }

func (a *Archive) folder(name string) error {
	clean, err := a.place(strings.TrimRight(name, "/"))
	if err != nil || clean == "." {
		return err
	}
	return a.folders(name, clean)
}

// symlink makes a symlink.
func (a *Archive) symlink(name, target string) error {
	clean, err := a.place(name)
	if err != nil {
		return err
	}
	if target == "" || len(target) > maxTarget || strings.Contains(target, "\x00") {
		return holdsThe("symlink", name, " to "+Quoted(target)+", which no symlink can lead to")
	}
	if err := a.clear(name, clean); err != nil {
		return err
	}
	return a.failed(name, a.tree.Symlink(target, a.path(clean)))
}

// clear makes room for an entry: a later one replaces an earlier one, but no folder.
func (a *Archive) clear(name, clean string) error {
	if clean == "." {
		return holds(name, ", a name that no file can have here")
	}
	path := a.path(clean)
	switch a.tree.Lstat(path) & TypeMask {
	case 0:
	case Folder:
		return holds(name, ", which is a folder in it too")
	default:
		a.tree.Remove(path)
	}
	return nil
}

// regular writes a file. size is how large the archive says that it is, in bytes.
func (a *Archive) regular(name string, mode uint32, size int64, content io.Reader) error {
	clean, err := a.place(name)
	if err != nil {
		return err
	}
	if size > a.limits.Unpacked-a.bytes {
		return a.tooLarge()
	}
	if err := a.clear(name, clean); err != nil {
		return err
	}
	a.name, a.content = name, content
	return a.failed(name, a.tree.Create(a.path(clean), 0o644|mode&0o755, a))
}

// WriteTo writes the content of the current file, and adds it to the unpacked size.
func (a *Archive) WriteTo(w io.Writer) (int64, error) {
	for {
		n, err := a.content.Read(a.buf)
		if a.bytes += int64(n); a.bytes > a.limits.Unpacked {
			return 0, a.tooLarge()
		}
		if _, err := w.Write(a.buf[:n]); err != nil {
			return 0, err
		}
		if err == io.EOF {
			return 0, nil
		}
		if err != nil {
			return 0, damagedAt(a.name, err)
		}
	}
}

// holds returns a refusal of an entry. It is called in many places.
//
//go:noinline
func holds(name, what string) error { return Refuse("the archive holds ", Quoted(name), what) }

func holdsThe(kind, name, what string) error {
	return Refuse("the archive holds the ", kind, " ", Quoted(name), what)
}

// damagedAt returns a refusal of a damaged entry, err itself where that is one already.
func damagedAt(name string, err error) error {
	if _, said := err.(*Refusal); said {
		return err
	}
	return Refuse("the archive is damaged at ", Quoted(name), ": ", cutOff(err).Error())
}

func (a *Archive) special(name string) error {
	return holds(name, ", which is neither a file, a folder nor a symlink")
}

func (a *Archive) tooMany() error {
	return Refuse("the archive has more than ", strconv.Itoa(a.limits.Entries), " entries")
}

func (a *Archive) tooLarge() error {
	return Refuse("the archive unpacks to more than ", strconv.FormatInt(a.limits.Unpacked>>20, 10), " MiB")
}

// failed says that an entry could not be written, unless err is a Refusal or nil.
func (a *Archive) failed(name string, err error) error {
	if _, said := err.(*Refusal); said || err == nil {
		return err
	}
	reason := err.Error()
	if err == syscall.ENOSPC || err == syscall.EDQUOT {
		reason += " (make room, or send less)"
	}
	return Refuse("cannot unpack ", Quoted(name), ": ", reason)
}

// shownNames is how many entries the error of an archive without exec shows.
const shownNames = 5

// LacksExec reports whether the archive has nothing of that name.
func (a *Archive) LacksExec() bool {
	return a.tree.Lstat(a.path(Exec)) == 0
}

// NoExec returns a refusal of an archive that has neither exec nor a main file of a launcher, with its entries.
func (a *Archive) NoExec(launchers ...Launcher) error {
	switch a.tree.Lstat(a.path(Exec)) & TypeMask {
	case 0:
	case Folder:
		return Refuse("exec is a folder in the archive: it has to be a program or a script")
	default:
		return Refuse("exec is a symlink in the archive that leads to no file")
	}
	wanted := []string{Exec}
	for _, l := range launchers {
		wanted = append(wanted, l.Main...)
	}
	missing, nested := "the archive has no "+strings.Join(wanted, " or ")+" at its top", a.Nested
	for _, name := range a.names {
		if last := lastName(name); nested == "" && last != name && slices.Contains(wanted, last) {
			nested = name
		}
	}
	switch dir := strings.TrimSuffix(nested, "/"+lastName(nested)); {
	case strings.Contains(nested, `\`):
		return Refuse(missing, " but ", Quoted(nested), ": its names have backslashes (pack it with zip -r, or with tar)")
	case nested != "":
		return Refuse(missing, " but ", Quoted(nested), ": pack what is in the folder, not the folder (cd ", Quoted(dir), " && zip -r ../action.zip .)")
	case len(a.names) == 0:
		return Refuse(missing, "; it is empty")
	}
	shown := make([]string, min(len(a.names), shownNames))
	for i := range shown {
		shown[i] = Quoted(a.names[i])
	}
	if len(a.names) > shownNames {
		shown = append(shown, "…")
	}
	return Refuse(missing, "; it holds ", strings.Join(shown, ", "))
}
