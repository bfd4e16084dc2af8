package code

import (
	"path"
	"strings"
)

// A Launcher runs source of one language. Stemcells bring them (OW_LAUNCHER).
type Launcher struct {
	Path     string   // absolute
	Name     string   // of its stemcell: the folder that it is in
	Protocol string   // actionloop, v1 or v0
	Main     []string // files that make an archive one of its language
}

// ReadLaunchers reads a list of launchers, as in PATH. The file "stemcell" beside each holds a line "protocol NAME" and
// lines "main FILE"; without it a launcher speaks ActionLoop and takes source as main.
func ReadLaunchers(tree Tree, list string) []Launcher {
	var launchers []Launcher
	for _, name := range strings.Split(list, ":") {
		if name == "" {
			continue
		}
		dir := path.Dir(name)
		l := Launcher{Path: name, Name: BaseName(dir), Protocol: "actionloop"}
		for _, line := range strings.Split(tree.ReadFile(path.Join(dir, "stemcell")), "\n") {
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

// PickLaunchers returns those of a stemcell; all where none is named (OW_STEMCELL).
func PickLaunchers(all []Launcher, stemcell string) []Launcher {
	for i := range all {
		if all[i].Name == stemcell {
			return all[i : i+1]
		}
	}
	return all
}

// File returns the name under which source text is placed.
func (l *Launcher) File() string {
	if len(l.Main) == 0 {
		return "main"
	}
	return l.Main[0]
}

// MainFile finds the main file in a folder, and its launcher, nil where there is none. Main files of two languages are
// refused.
func MainFile(tree Tree, folder string, launchers []Launcher) (found *Launcher, main string, err error) {
	for i := range launchers {
		l := &launchers[i]
		name, err := l.mainIn(tree, folder)
		switch {
		case err != nil:
			return nil, "", err
		case name == "":
		case found != nil:
			return nil, "", Refuse("there are two main files, ", main, " for ", found.Name, " and ", name, " for ", l.Name, " (keep one of them, or set OW_STEMCELL in the image)")
		default:
			found, main = l, name
		}
	}
	return found, main, nil
}

// mainIn returns the first of the launcher's main files that is in a folder.
func (l *Launcher) mainIn(tree Tree, folder string) (string, error) {
	for _, name := range l.Main {
		if file, err := RegularWithin(tree, folder, name); file != "" || err != nil {
			return name, err
		}
	}
	return "", nil
}
