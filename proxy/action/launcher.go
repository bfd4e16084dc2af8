//go:build linux

package action

import (
	"path"
	"strings"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// A Launcher runs source of one language. Stemcells bring them (OW_LAUNCHER).
type Launcher struct {
	Path     string   // absolute
	Name     string   // of its stemcell: the folder that it is in
	Protocol string   // what it speaks: actionloop, v1 or v0
	Main     []string // files that make an archive one of its language
}

// ReadLaunchers reads a list of launchers, as in PATH. The file "stemcell" beside each holds a line "protocol NAME" and
// lines "main FILE"; without it a launcher speaks ActionLoop and takes source as main.
func ReadLaunchers(list string) []Launcher {
	var launchers []Launcher
	for _, name := range strings.Split(list, ":") {
		if name == "" {
			continue
		}
		dir := path.Dir(name)
		l := Launcher{Path: name, Name: code.BaseName(dir), Protocol: "actionloop"}
		for _, line := range strings.Split(disk.ReadFile(path.Join(dir, "stemcell")), "\n") {
			switch key, value, _ := strings.Cut(line, " "); key {
			case "protocol":
				l.Protocol = value
			case "main":
				l.Main = append(l.Main, value)
			}
		}
		launchers = append(launchers, l)
	}
	return launchers
}

// file returns the name under which source text is placed.
func (l *Launcher) file() string {
	if len(l.Main) == 0 {
		return "main"
	}
	return l.Main[0]
}

// launcherFor chooses the launcher of source text: the stemcell that is asked for (OW_STEMCELL), or the first. It is
// nil when there is none.
func (f *Folder) launcherFor() *Launcher {
	for i := range f.Launchers {
		if f.Stemcell == "" || f.Launchers[i].Name == f.Stemcell {
			return &f.Launchers[i]
		}
	}
	return nil
}

// mainIn finds the main file of an archive that was unpacked into dir, and its launcher.
func (f *Folder) mainIn(dir string) (*Launcher, string, error) {
	for i := range f.Launchers {
		l := &f.Launchers[i]
		if f.Stemcell != "" && l.Name != f.Stemcell {
			continue
		}
		for _, name := range l.Main {
			if file, err := code.RegularWithin(disk, dir, name); file != "" || err != nil {
				return l, name, err
			}
		}
	}
	return nil, "", nil
}

// placeSource puts source text where its launcher finds it.
func (f *Folder) placeSource(file *File) (*Executable, error) {
	l := f.launcherFor()
	if l == nil {
		return nil, code.ErrSource
	}
	if err := syscall.Fchmod(file.fd, 0o644); err != nil {
		return nil, unwritable(f.Dir, err)
	}
	file.Close()
	e, err := f.install(path.Dir(file.name), []string{code.BaseName(file.name)}, []string{l.file()})
	return f.launched(e, err, l, l.file())
}

// launched makes an executable one that a launcher runs.
func (f *Folder) launched(e *Executable, err error, l *Launcher, main string) (*Executable, error) {
	if err != nil {
		return nil, err
	}
	e.Path, e.Args, e.Launcher = l.Path, []string{path.Join(f.Dir, main)}, l
	return e, nil
}
