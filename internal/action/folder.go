package action

import (
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// built is the folder that mkimage writes to. Beside a function it would go into the next build.
const built = "dist"

func isRecord(file string) bool {
	stat, err := os.Stat(file)
	return err == nil && stat.Mode().IsRegular()
}

// folder holds the files of a function without .git, the files that its .dockerignore names, and mkimage's output
// there.
type folder struct {
	path    string
	entries []folderEntry   // in order, a folder before its content
	ignores bool            // .dockerignore leaves files out
	decided map[string]bool // the files that it names with "!"
}

// folderEntry is a file of a folder.
type folderEntry struct {
	name string // below the folder, with slashes
	node node
}

// openFolder lists a folder. It reads no more than the first bytes of each file.
func openFolder(dir string) (*folder, error) {
	f := &folder{path: dir, decided: map[string]bool{}}
	root, err := filepath.EvalSymlinks(dir) // a walk does not follow the folder itself
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", show(dir), human.Reason(err))
	}
	ignored, err := readIgnored(filepath.Join(dir, ignoreFile))
	if err != nil {
		return nil, err
	}
	err = filepath.WalkDir(root, func(file string, found fs.DirEntry, err error) error {
		if err != nil {
			return fmt.Errorf("read %s: %w", show(file), human.Reason(err))
		}
		name, err := filepath.Rel(root, file)
		if err != nil || name == "." {
			return err
		}
		return f.add(filepath.ToSlash(name), file, found, ignored)
	})
	if err != nil {
		return nil, err
	}
	f.prune()
	return f, f.checkLinks()
}

// add adds a file, unless it stays out.
func (f *folder) add(name, file string, found fs.DirEntry, ignored ignored) error {
	base := path.Base(name)
	switch {
	case base == ".git": // a folder, or the file of a worktree
		if found.IsDir() {
			return filepath.SkipDir
		}
		return nil
	case name == ignoreFile:
		return nil
	case name == built && isRecord(filepath.Join(file, "sizes.json")):
		return filepath.SkipDir
	}
	out, err := ignored.MatchesOrParentMatches(name)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", show(filepath.Join(f.path, ignoreFile)), err)
	case out && found.IsDir() && !ignored.Exclusions():
		f.ignores = true
		return filepath.SkipDir
	case out && !found.IsDir(): // a folder may hold what "!" names
		f.ignores = true
		return nil
	}
	e := folderEntry{name: name}
	f.decided[name] = ignored.decides(name)
	if e.node, err = nodeOf(file, found.Type()); err != nil {
		return err
	}
	e.node.implied = out
	if strings.HasPrefix(name, code.Temporary) || content.IsWhiteout(name) || !utf8.ValidString(name) {
		return fmt.Errorf("%s: no file of an action in an image can have this name: rename it, or name it in %s", show(file), ignoreFile)
	}
	f.entries = append(f.entries, e)
	return nil
}

// nodeOf returns a file as it will lie in the image.
func nodeOf(file string, kind fs.FileMode) (node, error) {
	switch kind {
	case fs.ModeDir:
		return node{mode: code.Folder | 0o775}, nil
	case fs.ModeSymlink:
		target, err := os.Readlink(file)
		if err != nil {
			return node{}, fmt.Errorf("read %s: %w", show(file), human.Reason(err))
		}
		return node{mode: code.Symlink | 0o777, link: linkTarget(target, filepath.Separator)}, nil
	case 0:
	default:
		return node{}, fmt.Errorf("%s is neither a file, a folder nor a symlink: remove it, or name it in %s", show(file), ignoreFile)
	}
	opened, err := os.Open(file)
	if err != nil {
		return node{}, fmt.Errorf("read %s: %w", show(file), human.Reason(err))
	}
	defer opened.Close()
	stat, err := opened.Stat()
	if err != nil {
		return node{}, fmt.Errorf("read %s: %w", show(file), human.Reason(err))
	}
	return node{mode: code.Regular | uint32(modeOf(opened)), file: file, size: stat.Size()}, nil
}

// modeOf returns the mode that a file has in an image. It depends on the content alone: a program or a script may be
// executed.
func modeOf(file io.ReaderAt) fs.FileMode {
	if kind, err := code.KindOfFile(file); err == nil && (kind == code.ELF || kind == code.Script) {
		return 0o755
	}
	return 0o644
}

// prune removes folders that .dockerignore names and from which no file is kept.
func (f *folder) prune() {
	kept := map[string]bool{}
	for _, e := range slices.Backward(f.entries) {
		if !e.node.implied || kept[e.name] {
			kept[path.Dir(e.name)] = true
		}
	}
	before := len(f.entries)
	f.entries = slices.DeleteFunc(f.entries, func(e folderEntry) bool { return e.node.implied && !kept[e.name] })
	f.ignores = f.ignores || len(f.entries) < before
}

// checkLinks refuses symlinks that leave the folder, or that lead in a circle.
func (f *folder) checkLinks() error {
	u := (Tree{}).upload()
	f.fill(u)
	for _, e := range f.entries {
		if e.node.kind() != code.Symlink {
			continue
		}
		shown := show(filepath.Join(f.path, filepath.FromSlash(e.name)))
		_, err := code.Within(u, uploadDir, e.name)
		switch {
		case err == code.ErrLeadsOut:
			return fmt.Errorf("%s is a symlink to %s, which leads out of the folder: put the file itself there, or name the link in %s", shown, show(e.node.link), ignoreFile)
		case err != nil && u.circles(e.name):
			return fmt.Errorf("%s is a symlink that leads in a circle: remove it, or name it in %s", shown, ignoreFile)
		}
	}
	return nil
}

// circles reports whether a symlink of the action leads to no file because it leads to itself.
func (u *upload) circles(name string) bool {
	place := uploadDir + "/" + name
	for range mostLinks {
		n := u.own[place]
		if n.kind() != code.Symlink {
			return false
		}
		place = path.Join(path.Dir(place), n.link)
	}
	return true
}

// fill puts the files into a tree.
func (f *folder) fill(u *upload) {
	for _, e := range f.entries {
		u.own[uploadDir+"/"+e.name] = e.node
	}
}

// contents returns the files by name.
func (f *folder) contents() (map[string][]byte, error) {
	all := map[string][]byte{}
	for _, e := range f.entries {
		switch e.node.kind() {
		case code.Regular:
			text, err := e.node.read()
			if err != nil {
				return nil, err
			}
			all[e.name] = text
		case code.Symlink:
			all[e.name] = []byte(e.node.link)
		}
	}
	return all, nil
}

// names returns the first few files, for messages.
func (f *folder) names() string {
	const most = 5
	var shown []string
	for _, e := range f.entries {
		if e.node.kind() == code.Folder {
			continue
		}
		if len(shown) == most {
			shown = append(shown, "…")
			break
		}
		shown = append(shown, code.Quoted(e.name))
	}
	return strings.Join(shown, ", ")
}

// show returns a path for one line of a message: as it is, if it can stand there, with slashes on every system.
func show(name string) string {
	name = filepath.ToSlash(name) // quotes would double a backslash
	if quoted := code.Quoted(name); quoted != `"`+name+`"` {
		return quoted
	}
	return name
}
