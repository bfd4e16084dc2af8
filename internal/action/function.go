package action

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"
)

// placeFunction puts the text of a function into the tree. Its name decides which of several stemcells runs it. As an
// upload, it becomes the main file: under a name of its own it could stand in the way of a module of the language.
func (u *upload) placeFunction(name string, source []byte, known stemcells.Set) (placed, error) {
	launchers := u.launchers()
	l, main := launcherOf(launchers, name)
	switch {
	case l == nil && u.variable("OW_STEMCELL") == "" && stemcellOf(known, name) != "":
		return placed{}, lacks(name, stemcellOf(known, name))
	case l == nil && len(launchers) == 0:
		return placed{}, code.ErrSource
	case l == nil:
		l, main = &launchers[0], launchers[0].File()
	}
	u.own[uploadDir+"/"+main] = node{mode: code.Regular | 0o644, content: source}
	return placed{launcher: l, main: main}, nil
}

// launcherOf returns the launcher for a file's name, with the main file that it takes: that name, or one with its
// extension.
func launcherOf(launchers []code.Launcher, name string) (*code.Launcher, string) {
	for i := range launchers {
		if slices.Contains(launchers[i].Main, name) {
			return &launchers[i], name
		}
	}
	for i := range launchers {
		for _, main := range launchers[i].Main {
			if extension := path.Ext(main); extension != "" && extension == path.Ext(name) {
				return &launchers[i], main
			}
		}
	}
	return nil, ""
}

// stemcellOf returns the stemcell whose main files have the extension of a name, or "".
func stemcellOf(known stemcells.Set, name string) string {
	for _, stemcell := range known.Names() {
		for _, main := range known[stemcell].Main {
			if extension := path.Ext(main); extension != "" && extension == path.Ext(name) {
				return stemcell
			}
		}
	}
	return ""
}

// lacks says that an image has no stemcell for a file.
func lacks(name, stemcell string) error {
	return fmt.Errorf("%s is a function for the stemcell %s, which this image does not have: take the image %[2]s, or add %[2]s to stemcells in its definition", show(name), stemcell)
}

// placeFolder puts the files of a folder into the tree.
func (u *upload) placeFolder(f *folder, platform images.Platform, known stemcells.Set) (placed, error) {
	f.fill(u)
	return u.placeFiles(func() error {
		switch {
		case len(f.entries) == 0 && f.ignores:
			return fmt.Errorf("its %s leaves nothing of it", ignoreFile)
		case len(f.entries) == 0:
			return fmt.Errorf("the folder is empty")
		}
		for _, stemcell := range known.Names() {
			for _, main := range known[stemcell].Main {
				if file, err := code.RegularWithin(u, uploadDir, main); file != "" && err == nil {
					return lacks(main, stemcell)
				}
			}
		}
		text := "the folder has no Go file, and " + u.wanted()
		if held := f.names(); held != "" {
			text += "; it holds " + held
		}
		if f.ignores {
			text += " (" + ignoreFile + " leaves files out)"
		}
		return fmt.Errorf("%s", text)
	}, platform)
}

// wanted says that there is no file that starts an action in the image.
func (u *upload) wanted() string {
	names := []string{code.Exec}
	for _, l := range u.launchers() {
		names = append(names, l.Main...)
	}
	if len(names) == 1 {
		return "no exec"
	}
	return "none of " + strings.Join(names, ", ")
}
