//go:build linux

package action

import (
	"errors"
	"hash/crc32"
	"io"
	"path"
	"strings"
	"syscall"
)

// Pack writes a folder as a zip archive (APPNOTE 6.3.10, entries stored as they
// are). Files and folders keep their modes, but that every exec is executable, and
// have no times.
func Pack(w io.Writer, dir string) error {
	p := &packer{w: w, dir: dir}
	if err := p.folder(""); err != nil {
		return err
	}
	return p.end()
}

type packer struct {
	w         io.Writer
	dir       string
	at        int64
	directory []byte
	entries   uint16
}

const (
	zipUTF8     = 1 << 11   // a flag: the name is UTF-8
	zipEpoch    = 0x21      // 1 January 1980, as the format writes dates
	zipMadeBy   = 3<<8 | 20 // Unix, version 2.0
	zipFolder   = 0x10      // an attribute of MS-DOS, which some programs look for
	zipMost     = 1<<16 - 1 // entries
	zipMostSize = 1<<32 - 1 // bytes
)

// folder packs what is below a folder, name being "" or ending in a slash.
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
	return errors.New("pack " + quoted(name) + ": " + err.Error())
}

// entry packs a file, a folder with its content, or a symlink, whose content is
// its target, as Info-ZIP has it. No symlink is followed.
func (p *packer) entry(name string) error {
	full := path.Join(p.dir, name)
	var s syscall.Stat_t
	if err := syscall.Lstat(full, &s); err != nil {
		return packing(name, err)
	}
	switch s.Mode & syscall.S_IFMT {
	case syscall.S_IFDIR:
		if err := p.content(name+"/", s.Mode, strings.NewReader(""), 0); err != nil {
			return err
		}
		return p.folder(name + "/")
	case syscall.S_IFLNK:
		target, err := readLink(full)
		if err != nil {
			return packing(name, err)
		}
		return p.content(name, s.Mode, strings.NewReader(target), int64(len(target)))
	case syscall.S_IFREG:
		file, err := openFile(full, syscall.O_RDONLY|syscall.O_NOFOLLOW, 0)
		if err != nil {
			return packing(name, err)
		}
		defer file.Close()
		if baseName(name) == execName {
			s.Mode |= 0o755
		}
		return p.content(name, s.Mode, file, s.Size)
	}
	return packing(name, errors.New("it is neither a file, a folder nor a symlink"))
}

// content writes an entry with the given st_mode and size in bytes.
func (p *packer) content(name string, mode uint32, content io.ReaderAt, size int64) error {
	if size >= zipMostSize || p.at >= zipMostSize || p.entries == zipMost || len(name) > zipMost {
		return packing(name, errors.New("too much for a zip archive"))
	}
	sum := crc32.NewIEEE()
	if n, err := io.Copy(sum, io.NewSectionReader(content, 0, size)); err != nil || n != size {
		return packing(name, changed(err))
	}
	begin := p.at
	var common []byte // to both headers
	for _, v := range []uint16{20, zipUTF8, zipStored, 0, zipEpoch} {
		common = append16(common, v)
	}
	for _, v := range []uint32{sum.Sum32(), uint32(size), uint32(size)} {
		common = append32(common, v)
	}
	common = append32(common, uint32(len(name)))

	local := append(append32(nil, zipLocalSignature), common...)
	if err := p.write(append(local, name...)); err != nil {
		return err
	}
	n, err := io.Copy(p.w, io.NewSectionReader(content, 0, size))
	if p.at += n; err != nil || n != size {
		return packing(name, changed(err))
	}
	d := append16(append32(p.directory, zipCentralSignature), zipMadeBy)
	d = append(append(d, common...), 0, 0, 0, 0, 0, 0) // comment, disk, internal attributes
	attributes := mode << 16
	if mode&syscall.S_IFMT == syscall.S_IFDIR {
		attributes |= zipFolder
	}
	d = append32(append32(d, attributes), uint32(begin))
	p.directory = append(d, name...)
	p.entries++
	return nil
}

func changed(err error) error {
	if err == nil {
		return errors.New("it changed meanwhile")
	}
	return err
}

func (p *packer) write(b []byte) error {
	n, err := p.w.Write(b)
	p.at += int64(n)
	return err
}

// end writes the central directory.
func (p *packer) end() error {
	if p.at+int64(len(p.directory)) >= zipMostSize {
		return errors.New("pack: too much for a zip archive")
	}
	e := append32(append32(p.directory, zipEndSignature), 0)
	e = append16(append16(e, p.entries), p.entries)
	e = append32(append32(e, uint32(len(p.directory))), uint32(p.at))
	return p.write(append16(e, 0))
}

// append16 and append32 write little-endian numbers. Inlined they would add 2 KB.
//
//go:noinline
func append16(b []byte, v uint16) []byte { return append(b, byte(v), byte(v>>8)) }

//go:noinline
func append32(b []byte, v uint32) []byte { return append16(append16(b, uint16(v)), uint16(v>>16)) }
