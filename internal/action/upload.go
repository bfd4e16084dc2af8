package action

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// placed is the start of an action: a program, or the main file of a function.
type placed struct {
	program  []byte
	launcher *code.Launcher // nil for a program
	main     string         // the main file below the action's folder
}

// place puts the content of a file into the tree, as the proxy does with an upload. The error is the proxy's, too.
func (u *upload) place(source []byte, platform images.Platform) (placed, error) {
	file := bytes.NewReader(source)
	kind, err := code.KindOfFile(file)
	if err != nil {
		return placed{}, code.ErrEmpty
	}
	switch kind {
	case code.Foreign:
		return placed{}, code.ErrForeign
	case code.Zip, code.Gzip:
		limits := code.Limits{Unpacked: code.MostUnpacked, Entries: code.MostEntries}
		archive, err := code.Unpack(u, file, file.Size(), kind, uploadDir, limits)
		if err != nil {
			return placed{}, err
		}
		return u.placeFiles(func() error { return archive.NoExec(u.launchers()...) }, platform)
	case code.ELF, code.Script:
		u.own[uploadDir+"/"+code.Exec] = node{mode: code.Regular | 0o755, content: source}
		return placed{program: source}, u.check(source, platform)
	}
	return u.placeText(source)
}

// placeText puts source text where the first launcher finds it.
func (u *upload) placeText(source []byte) (placed, error) {
	launchers := u.launchers()
	if len(launchers) == 0 {
		return placed{}, code.ErrSource
	}
	l := &launchers[0]
	u.own[uploadDir+"/"+l.File()] = node{mode: code.Regular | 0o644, content: source}
	return placed{launcher: l, main: l.File()}, nil
}

// placeFiles finds the program or the main file among the files in the tree. none returns the error if there is
// neither.
func (u *upload) placeFiles(none func() error, platform images.Platform) (placed, error) {
	exec, err := code.RegularWithin(u, uploadDir, code.Exec)
	if err != nil {
		return placed{}, err
	}
	if exec == "" {
		l, main, err := code.MainFile(u, uploadDir, u.launchers())
		if err == nil && l == nil {
			err = none()
		}
		return placed{launcher: l, main: main}, err
	}
	n := u.own[exec]
	n.mode |= 0o755
	u.own[exec] = n
	program, err := n.read()
	if err == nil {
		err = u.check(program, platform)
	}
	if err != nil { // compilers of other runtimes put an exec for their own image beside the main file
		if l, main, mainErr := code.MainFile(u, uploadDir, u.launchers()); l != nil && mainErr == nil {
			return placed{launcher: l, main: main}, nil
		}
	}
	return placed{program: program}, err
}

// check returns why a program cannot run in the image.
func (u *upload) check(program []byte, platform images.Platform) error {
	place := code.Place{Tree: u, Dir: uploadDir, Final: "/" + Dir, Env: u.env, Machine: platform.Architecture()}
	return errors.Join(place.Check(bytes.NewReader(program)), u.err)
}

// read returns the content of a file of the action.
func (n node) read() ([]byte, error) {
	opened, err := n.open()
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	return io.ReadAll(opened)
}

// launchers returns the launchers of the image that may run a function (OW_LAUNCHER, OW_STEMCELL).
func (u *upload) launchers() []code.Launcher {
	return code.PickLaunchers(u.allLaunchers(), u.variable("OW_STEMCELL"))
}

func (u *upload) allLaunchers() []code.Launcher {
	return code.ReadLaunchers(u, u.variable("OW_LAUNCHER"))
}

// variable returns the value of a variable with which the action is started.
func (u *upload) variable(name string) string {
	for _, v := range u.env {
		if value, ok := strings.CutPrefix(v, name+"="); ok {
			return value
		}
	}
	return ""
}

// files returns the action's files as they lie in a layer.
func (u *upload) files() (all []layer.File) {
	for _, name := range u.names() {
		below, ok := strings.CutPrefix(name, uploadDir+"/")
		if !ok {
			continue
		}
		place := Dir + "/" + below
		var file layer.File
		switch n := u.own[name]; n.kind() {
		case code.Folder:
			file = layer.Directory(place, 0o775)
		case code.Symlink:
			file = layer.Symlink(place, n.link)
		default:
			file = layer.Regular(place, fs.FileMode(n.mode).Perm(), n.content)
			if n.file != "" {
				file.Size, file.Open = n.size, func() (io.ReadCloser, error) { return os.Open(n.file) }
			}
		}
		file.UID = User
		all = append(all, file)
	}
	return all
}
