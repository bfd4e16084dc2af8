package code

import (
	"encoding/binary"
	"errors"
	"io"
)

// The records at the end of a zip (APPNOTE 4.3.14 to 4.3.16).
const (
	zipEndSignature   = 0x06054b50
	zipEndSize        = 22
	zipEnd64Signature = 0x06064b50
	zipEnd64Size      = 56
	zipLocSignature   = 0x07064b50
	zipLocSize        = 20
	zipMaxComment     = 1<<16 - 1
)

// A zipReader reads a zip's central directory, header by header.
type zipReader struct {
	entries   int64 // as the archive says
	directory int64 // where the central directory begins in the file
	shift     int64 // size of the program before the archive, of a zip that extracts itself
	wide      bool  // zip64
	seen      int64
	in        input
}

// openZip finds the central directory.
func openZip(file io.ReaderAt, size int64) (*zipReader, error) {
	end, record, err := findZipEnd(file, size)
	if err != nil {
		return nil, err
	}
	z := &zipReader{entries: int64(binary.LittleEndian.Uint16(record[10:]))}
	length, offset := int64(binary.LittleEndian.Uint32(record[12:])), int64(binary.LittleEndian.Uint32(record[16:]))
	if length == 1<<32-1 || offset == 1<<32-1 || z.entries == 1<<16-1 {
		at, wide, err := findZip64End(file, end)
		if err != nil {
			return nil, err
		}
		if wide != nil {
			z.wide, end = true, at
			z.entries, length, offset = int64(binary.LittleEndian.Uint64(wide[32:])), int64(binary.LittleEndian.Uint64(wide[40:])), int64(binary.LittleEndian.Uint64(wide[48:]))
		}
	}
	z.directory = end - length
	z.shift = z.directory - offset
	if length < 0 || length > end || offset < 0 || z.shift < 0 || z.entries < 0 {
		return nil, errors.New("its directory lies outside of it")
	}
	z.in.reset(file, z.directory, end)
	return z, nil
}

// findZipEnd returns the record at the end of a zip, and its place.
func findZipEnd(file io.ReaderAt, size int64) (int64, []byte, error) {
	for _, most := range []int64{zipEndSize, zipEndSize + zipMaxComment} {
		b := make([]byte, min(size, most))
		if _, err := file.ReadAt(b, size-int64(len(b))); err != nil {
			return 0, nil, cutOff(err)
		}
		for i := len(b) - zipEndSize; i >= 0; i-- {
			if b[i] == 'P' && binary.LittleEndian.Uint32(b[i:]) == zipEndSignature && i+zipEndSize+int(binary.LittleEndian.Uint16(b[i+20:])) <= len(b) {
				return size - int64(len(b)-i), b[i:], nil
			}
		}
	}
	return 0, nil, errors.New("it has no directory (it is cut off?)")
}

// findZip64End returns the zip64 record before the end record at end, and its place, or nil when there is none.
func findZip64End(file io.ReaderAt, end int64) (int64, []byte, error) {
	var locator [zipLocSize]byte
	if end < zipLocSize+zipEnd64Size {
		return 0, nil, nil
	}
	if _, err := file.ReadAt(locator[:], end-zipLocSize); err != nil {
		return 0, nil, cutOff(err)
	}
	if binary.LittleEndian.Uint32(locator[:]) != zipLocSignature {
		return 0, nil, nil
	}
	// The record stands where the locator says, or right before it where something was put before the archive.
	b := make([]byte, zipEnd64Size)
	for _, at := range []int64{int64(binary.LittleEndian.Uint64(locator[8:])), end - zipLocSize - zipEnd64Size} {
		if at < 0 || at > end-zipLocSize-zipEnd64Size {
			continue
		}
		if _, err := file.ReadAt(b, at); err != nil {
			return 0, nil, cutOff(err)
		}
		if binary.LittleEndian.Uint32(b) == zipEnd64Signature {
			return at, b, nil
		}
	}
	return 0, nil, errors.New("its zip64 record is missing")
}

// next reads a header. io.EOF is the end of the directory.
func (z *zipReader) next() (*zipEntry, error) {
	var h [zipCentralSize]byte
	if _, err := io.ReadFull(&z.in, h[:]); err == io.EOF {
		if z.seen != z.entries && (z.wide || z.seen&0xffff != z.entries) {
			return nil, errors.New("its directory has more or fewer entries than it says")
		}
		return nil, io.EOF
	} else if err != nil {
		return nil, cutOff(err)
	}
	if binary.LittleEndian.Uint32(h[:]) != zipCentralSignature {
		return nil, errors.New("a header in its directory is malformed")
	}
	names := make([]byte, int(binary.LittleEndian.Uint16(h[28:]))+int(binary.LittleEndian.Uint16(h[30:]))+int(binary.LittleEndian.Uint16(h[32:])))
	if _, err := io.ReadFull(&z.in, names); err != nil {
		return nil, cutOff(err)
	}
	name, extra := names[:binary.LittleEndian.Uint16(h[28:])], names[binary.LittleEndian.Uint16(h[28:]):][:binary.LittleEndian.Uint16(h[30:])]
	e := &zipEntry{
		flags:  binary.LittleEndian.Uint16(h[8:]),
		method: binary.LittleEndian.Uint16(h[10:]),
		sum:    binary.LittleEndian.Uint32(h[16:]),
		packed: int64(binary.LittleEndian.Uint32(h[20:])),
		size:   int64(binary.LittleEndian.Uint32(h[24:])),
		at:     int64(binary.LittleEndian.Uint32(h[42:])),
	}
	switch h[5] {
	case zipMadeUnix, zipMadeMac:
		e.mode = binary.LittleEndian.Uint32(h[38:]) >> 16
	case zipMadeFAT, zipMadeNTFS, zipMadeVFAT:
		for i, c := range name {
			if c == '\\' {
				name[i] = '/'
			}
		}
		if h[38]&0x10 != 0 {
			e.mode = Folder
		}
	}
	e.name = string(name)
	if err := e.widen(extra); err != nil {
		return nil, err
	}
	e.at += z.shift
	z.seen++
	return e, nil
}

// widen takes the sizes that do not fit into 32 bits from the extra fields (APPNOTE 4.5.3).
func (e *zipEntry) widen(extra []byte) error {
	for len(extra) >= 4 {
		id, size := binary.LittleEndian.Uint16(extra), int(binary.LittleEndian.Uint16(extra[2:]))
		if extra = extra[4:]; size > len(extra) {
			return nil // some programs put other bytes there
		}
		field := extra[:size]
		extra = extra[size:]
		if id != zipExtra64 {
			continue
		}
		for _, v := range []*int64{&e.size, &e.packed, &e.at} {
			if *v != 1<<32-1 {
				continue
			}
			if len(field) < 8 || int64(binary.LittleEndian.Uint64(field)) < 0 {
				return errors.New("the sizes of " + Quoted(e.name) + " are malformed")
			}
			*v, field = int64(binary.LittleEndian.Uint64(field)), field[8:]
		}
	}
	return nil
}
