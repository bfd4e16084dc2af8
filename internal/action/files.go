package action

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// Given is a file or folder of a step, with everything in it.
type Given struct {
	Name  string // relative to the definition, with slashes
	Files []layer.File
}

// OpenFiles lists the files at names, which are relative to dir. Their content is read when it goes into a layer. Modes
// depend on content alone. A symbolic link to a file becomes that file, which must be below dir.
func OpenFiles(dir string, names []string) ([]Given, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, human.Reason(err)
	}
	defer root.Close()
	var all []Given
	var found []string
	for _, name := range names {
		name = path.Clean(name)
		if _, err := fileOf(dir, root, name); err != nil { // a link is told as one
			return nil, err
		}
		one := Given{Name: name}
		err := fs.WalkDir(root.FS(), name, func(name string, entry fs.DirEntry, err error) error {
			if err != nil {
				return explain(name, err)
			}
			file, err := fileOf(dir, root, name)
			if err == nil {
				one.Files, found = append(one.Files, file), append(found, name)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, CheckCase(found)
}

func explain(name string, err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: there is no such file beside the definition", code.Quoted(name))
	}
	return fmt.Errorf("%s: %w", code.Quoted(name), human.Reason(err))
}

func fileOf(dir string, root *os.Root, name string) (layer.File, error) {
	stat, err := root.Lstat(name)
	if err != nil {
		return layer.File{}, explain(name, err)
	}
	isLink := stat.Mode()&fs.ModeSymlink != 0
	if isLink {
		if stat, err = root.Stat(name); err != nil {
			return layer.File{}, fmt.Errorf("%s is a symlink that leads to no file below the definition's folder: put the file itself there", code.Quoted(name))
		}
	}
	switch {
	case stat.IsDir() && !isLink:
		return layer.Directory(name, 0o755), nil
	case stat.IsDir():
		return layer.File{}, fmt.Errorf("%s is a symlink to a folder: name that folder in files, or put it there", code.Quoted(name))
	case !stat.Mode().IsRegular():
		return layer.File{}, fmt.Errorf("%s is neither a file nor a folder", code.Quoted(name))
	}
	open := func() (*os.File, error) {
		root, err := os.OpenRoot(dir)
		if err != nil {
			return nil, human.Reason(err)
		}
		defer root.Close()
		file, err := root.Open(name)
		if err != nil {
			err = explain(name, err)
		}
		return file, err
	}
	file, err := open()
	if err != nil {
		return layer.File{}, err
	}
	defer file.Close()
	return layer.File{Path: name, Mode: modeOf(file), Size: stat.Size(), Open: func() (io.ReadCloser, error) { return open() }}, nil
}
