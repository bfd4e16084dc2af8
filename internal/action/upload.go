package action

import (
	"bytes"
	"errors"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// place puts what a source holds into the tree and returns the program among it, as the proxy does with an upload. The
// error is the proxy's, too.
func (u *upload) place(source []byte, platform images.Platform) (program []byte, err error) {
	file := bytes.NewReader(source)
	kind, err := code.KindOfFile(file)
	if err != nil {
		return nil, code.ErrEmpty
	}
	exec := uploadDir + "/" + code.Exec
	switch kind {
	case code.Foreign:
		return nil, code.ErrForeign
	case code.Zip, code.Gzip:
		limits := code.Limits{Unpacked: code.MostUnpacked, Entries: code.MostEntries}
		archive, err := code.Unpack(u, file, file.Size(), kind, uploadDir, limits)
		if err != nil {
			return nil, err
		}
		if exec, err = code.RegularWithin(u, uploadDir, code.Exec); err != nil {
			return nil, err
		}
		if exec == "" {
			return nil, archive.NoExec()
		}
		program = u.own[exec].content
	case code.ELF, code.Script:
		program = source
	default:
		if u.hasLauncher() {
			return nil, errors.New("it is source, which this image runs when it is uploaded, but not when it is baked in (bake a program, a script that begins with #!, or an archive with exec)")
		}
		return nil, code.ErrSource
	}
	u.own[exec] = node{mode: code.Regular | 0o755, content: program}
	place := code.Place{Tree: u, Dir: uploadDir, Final: "/" + Dir, Env: u.env, Machine: platform.Architecture()}
	err = errors.Join(place.Check(bytes.NewReader(program)), u.err)
	return program, err
}

func (u *upload) hasLauncher() bool {
	return slices.ContainsFunc(u.env, func(variable string) bool { return strings.HasPrefix(variable, "OW_LAUNCHER=") })
}

// files returns the action's files as they lie in a layer.
func (u *upload) files() (all []layer.File) {
	for _, name := range slices.Sorted(maps.Keys(u.own)) {
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
		}
		file.UID = User
		all = append(all, file)
	}
	return all
}
