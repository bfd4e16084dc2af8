package code

import (
	"encoding/binary"
	"errors"
	"io"
)

// A ZipWriter writes a zip archive (APPNOTE 6.3.10, entries stored as they are, without times).
type ZipWriter struct {
	W io.Writer

	sum       summing
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

// Add writes an entry with the given st_mode and size in bytes.
func (z *ZipWriter) Add(name string, mode uint32, content io.ReaderAt, size int64) error {
	if size >= zipMostSize || z.at >= zipMostSize || z.entries == zipMost || len(name) > zipMost {
		return errors.New("too much for a zip archive")
	}
	z.sum.sum = 0
	if n, err := io.Copy(&z.sum, io.NewSectionReader(content, 0, size)); err != nil || n != size {
		return changed(err)
	}
	begin := z.at
	var common []byte // to both headers
	for _, v := range []uint16{20, zipUTF8, zipStored, 0, zipEpoch} {
		common = binary.LittleEndian.AppendUint16(common, v)
	}
	for _, v := range []uint32{z.sum.sum, uint32(size), uint32(size)} {
		common = binary.LittleEndian.AppendUint32(common, v)
	}
	common = binary.LittleEndian.AppendUint32(common, uint32(len(name)))

	local := append(binary.LittleEndian.AppendUint32(nil, zipLocalSignature), common...)
	if err := z.write(append(local, name...)); err != nil {
		return err
	}
	n, err := io.Copy(z.W, io.NewSectionReader(content, 0, size))
	if z.at += n; err != nil || n != size {
		return changed(err)
	}
	d := binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint32(z.directory, zipCentralSignature), zipMadeBy)
	d = append(append(d, common...), 0, 0, 0, 0, 0, 0) // comment, disk, internal attributes
	attributes := mode << 16
	if mode&TypeMask == Folder {
		attributes |= zipFolder
	}
	d = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(d, attributes), uint32(begin))
	z.directory = append(d, name...)
	z.entries++
	return nil
}

func changed(err error) error {
	if err == nil {
		return errors.New("it changed meanwhile")
	}
	return err
}

func (z *ZipWriter) write(b []byte) error {
	n, err := z.W.Write(b)
	z.at += int64(n)
	return err
}

// End writes the central directory.
func (z *ZipWriter) End() error {
	if z.at+int64(len(z.directory)) >= zipMostSize {
		return errors.New("pack: too much for a zip archive")
	}
	e := binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(z.directory, zipEndSignature), 0)
	e = binary.LittleEndian.AppendUint16(binary.LittleEndian.AppendUint16(e, z.entries), z.entries)
	e = binary.LittleEndian.AppendUint32(binary.LittleEndian.AppendUint32(e, uint32(len(z.directory))), uint32(z.at))
	return z.write(binary.LittleEndian.AppendUint16(e, 0))
}
