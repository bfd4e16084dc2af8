//go:build linux

package action

import (
	"errors"
	"io"
	"path"
	"strings"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// Pack writes a folder as a zip archive (APPNOTE 6.3.10, entries stored as they are). Files and folders keep their
// modes, but that every exec is executable, and have no times.
func Pack(w io.Writer, dir string) error {
	p := &packer{code.ZipWriter{W: w}, dir}
	if err := p.folder(""); err != nil {
		return err
	}
	return p.zip.End()
}

type packer struct {
	zip code.ZipWriter
	dir string
}

// folder packs the content of a folder; name is "" or ends in a slash.
func (p *packer) folder(name string) error {
	names, err := list(path.Join(p.dir, name))
	if err != nil {
		return packing(name, err)
	}
	for _, n := range names {
		if err := p.entry(name + n); err != nil {
			return err
		}
	}
	return nil
}

func packing(name string, err error) error {
	return errors.New("pack " + code.Quoted(name) + ": " + err.Error())
}

// entry packs a file, a folder with its content, or a symlink, whose content is its target, as Info-ZIP has it. No
// symlink is followed.
func (p *packer) entry(name string) error {
	full := path.Join(p.dir, name)
	mode := disk.Lstat(full)
	switch mode & code.TypeMask {
	case code.Folder:
		if err := p.add(name+"/", mode, strings.NewReader(""), 0); err != nil {
			return err
		}
		return p.folder(name + "/")
	case code.Symlink:
		target := disk.ReadLink(full)
		return p.add(name, mode, strings.NewReader(target), int64(len(target)))
	case code.Regular:
		file, err := openFile(full, syscall.O_RDONLY|syscall.O_NOFOLLOW, 0)
		if err != nil {
			return packing(name, err)
		}
		defer file.Close()
		if code.BaseName(name) == code.Exec {
			mode |= 0o755
		}
		return p.add(name, mode, file, file.size())
	}
	return packing(name, errors.New("it is neither a file, a folder nor a symlink"))
}

func (p *packer) add(name string, mode uint32, content io.ReaderAt, size int64) error {
	if err := p.zip.Add(name, mode, content, size); err != nil {
		return packing(name, err)
	}
	return nil
}
