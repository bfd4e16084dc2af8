//go:build linux

package action

import (
	"encoding/binary"
	"errors"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Pack writes a folder as a zip archive (APPNOTE.TXT 6.3, entries stored as they
// are). Files keep their modes, and have no times.
func Pack(w io.Writer, dir string) error {
	p := &packer{w: w}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || path == dir || d.IsDir() {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			return err
		}
		return p.file(path, filepath.ToSlash(name))
	})
	if err != nil {
		return err
	}
	return p.end()
}

type packer struct {
	w         io.Writer
	at        int64
	directory []byte
	entries   int
}

const (
	zipLocal     = 0x04034b50
	zipCentral   = 0x02014b50
	zipEnd       = 0x06054b50
	zipUTF8      = 0x800
	zipEpoch     = 0x21      // 1 January 1980, as the format writes dates
	zipMadeBy    = 3<<8 | 20 // Unix, version 2.0
	zipMostFiles = 0xffff
	zipMostBytes = 0xffffffff
)

// file writes one entry. A symlink's content is its target, as Info-ZIP has it.
func (p *packer) file(path, name string) error {
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	unixMode := uint32(info.Mode().Perm()) | 0o100000
	var content io.ReadSeeker
	switch {
	case info.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(path)
		if err != nil {
			return err
		}
		unixMode = 0o120777
		content = strings.NewReader(target)
	case info.Mode().IsRegular():
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		content = file
	default:
		return errors.New(path + " is neither a file nor a symlink")
	}
	sum := crc32.NewIEEE()
	size, err := io.Copy(sum, content)
	if err != nil {
		return err
	}
	if size >= zipMostBytes || p.at >= zipMostBytes || p.entries == zipMostFiles {
		return errors.New("too much for a zip archive")
	}
	common := binary.LittleEndian.AppendUint16(nil, 20)
	for _, v := range []uint16{zipUTF8, 0, 0, zipEpoch} {
		common = binary.LittleEndian.AppendUint16(common, v)
	}
	for _, v := range []uint32{sum.Sum32(), uint32(size), uint32(size)} {
		common = binary.LittleEndian.AppendUint32(common, v)
	}
	common = binary.LittleEndian.AppendUint16(common, uint16(len(name)))
	common = binary.LittleEndian.AppendUint16(common, 0)

	d := binary.LittleEndian.AppendUint32(p.directory, zipCentral)
	d = binary.LittleEndian.AppendUint16(d, zipMadeBy)
	d = append(d, common...)
	d = append(d, make([]byte, 6)...) // comment, disk, internal attributes
	d = binary.LittleEndian.AppendUint32(d, unixMode<<16)
	d = binary.LittleEndian.AppendUint32(d, uint32(p.at))
	p.directory = append(d, name...)
	p.entries++

	local := append(binary.LittleEndian.AppendUint32(nil, zipLocal), common...)
	if err := p.write(append(local, name...)); err != nil {
		return err
	}
	if _, err := content.Seek(0, io.SeekStart); err != nil {
		return err
	}
	n, err := io.Copy(p.w, content)
	if p.at += n; err == nil && n != size {
		err = errors.New(path + " changed while it was packed")
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
	e := binary.LittleEndian.AppendUint32(p.directory, zipEnd)
	e = append(e, 0, 0, 0, 0)
	e = binary.LittleEndian.AppendUint16(e, uint16(p.entries))
	e = binary.LittleEndian.AppendUint16(e, uint16(p.entries))
	e = binary.LittleEndian.AppendUint32(e, uint32(len(p.directory)))
	e = binary.LittleEndian.AppendUint32(e, uint32(p.at))
	return p.write(append(e, 0, 0))
}
