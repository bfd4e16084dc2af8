package code

import (
	"encoding/binary"
	"errors"
	"io"
	"strings"
)

// The signatures and sizes of a zip's headers (PKWARE's APPNOTE 6.3.10, 4.3 and 4.4).
const (
	zipLocalSignature   = 0x04034b50
	zipLocalSize        = 30
	zipCentralSignature = 0x02014b50
	zipCentralSize      = 46

	zipEncrypted = 1 << 0 // flags
	zipMasked    = 1 << 13

	zipStored   = 0 // methods
	zipDeflated = 8

	zipMadeFAT  = 0 // systems that a zip is made on
	zipMadeUnix = 3
	zipMadeNTFS = 10
	zipMadeVFAT = 14
	zipMadeMac  = 19

	zipExtra64 = 1 // the extra field with sizes of 64 bits
)

// A zipEntry is one of the central directory's headers.
type zipEntry struct {
	name         string
	mode         uint32 // as st_mode; a type of 0 is a file
	flags        uint16
	method       uint16
	sum          uint32
	packed, size int64 // in bytes
	at           int64 // of its local header, in the file
}

// zip unpacks a zip. Its entries are read one by one, and none is kept.
func (a *Archive) zip(file io.ReaderAt, size int64) error {
	z, err := openZip(file, size)
	if err != nil {
		return zipDamaged(err)
	}
	if z.entries > int64(a.limits.Entries) {
		return a.tooMany()
	}
	content := &zipContent{file: file}
	for {
		e, err := z.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return zipDamaged(err)
		}
		if err := a.zipEntry(e, z, content); err != nil {
			return err
		}
	}
}

func zipDamaged(err error) error { return Refuse("the zip archive is damaged: ", err.Error()) }

func (a *Archive) zipEntry(e *zipEntry, z *zipReader, content *zipContent) error {
	kind := e.mode & TypeMask
	switch {
	case kind == Folder || strings.HasSuffix(e.name, "/"):
		return a.folder(e.name)
	case kind != 0 && kind != Regular && kind != Symlink:
		return a.special(e.name)
	case e.flags&(zipEncrypted|zipMasked) != 0:
		return holds(e.name, ", which is encrypted: pack it without a password")
	case e.method != zipStored && e.method != zipDeflated:
		return holds(e.name, ", which is compressed in a way that only few programs know: pack it with zip -r")
	}
	if err := content.open(e, z.directory); err != nil {
		return damagedAt(e.name, err)
	}
	if kind != Symlink {
		return a.regular(e.name, e.mode, e.size, content)
	}
	target, err := io.ReadAll(io.LimitReader(content, maxTarget+1))
	if err != nil {
		return damagedAt(e.name, err)
	}
	return a.symlink(e.name, string(target))
}

// A zipContent reads an entry's content, and checks its size and sum.
type zipContent struct {
	file    io.ReaderAt
	in      input
	inflate inflater
	from    io.Reader
	left    int64
	sum     summing
	want    uint32
}

// open goes to the content of an entry, all of which lies before end.
func (c *zipContent) open(e *zipEntry, end int64) error {
	var h [zipLocalSize]byte
	if e.at < 0 || e.at > end-zipLocalSize {
		return errZipOutside
	}
	if _, err := c.file.ReadAt(h[:], e.at); err != nil {
		return cutOff(err)
	}
	if binary.LittleEndian.Uint32(h[:]) != zipLocalSignature {
		return errors.New("its local header is missing")
	}
	begin := e.at + zipLocalSize + int64(binary.LittleEndian.Uint16(h[26:])) + int64(binary.LittleEndian.Uint16(h[28:]))
	if begin > end || e.packed > end-begin {
		return errZipOutside
	}
	c.in.reset(c.file, begin, begin+e.packed)
	c.left, c.sum.sum, c.want = e.size, 0, e.sum
	c.from = &c.in
	if e.method == zipDeflated {
		c.inflate.reset(&c.in)
		c.from = &c.inflate
	}
	return nil
}

var errZipOutside = errors.New("it lies outside of the archive")

// Read implements io.Reader.
func (c *zipContent) Read(b []byte) (int, error) {
	n, err := c.from.Read(b)
	if c.left -= int64(n); c.left < 0 {
		return 0, errors.New("it is larger than the archive says")
	}
	c.sum.Write(b[:n])
	switch {
	case err == io.EOF && c.left > 0:
		return n, errCutOff
	case err == io.EOF && c.sum.sum != c.want:
		return n, errSum
	}
	return n, err
}

// IsJar reports whether a zip holds a manifest, as jars do.
func IsJar(file io.ReaderAt, size int64) bool {
	z, err := openZip(file, size)
	for err == nil {
		var e *zipEntry
		if e, err = z.next(); err == nil && e.name == "META-INF/MANIFEST.MF" {
			return true
		}
	}
	return false
}
