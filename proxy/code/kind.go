package code

import (
	"bytes"
	"io"
)

// A Kind is the kind of an upload, by its first bytes.
type Kind int

const (
	Text    Kind = iota // source, or nothing known
	ELF                 // a compiled program
	Script              // text that begins with #!
	Zip                 // a zip or a jar
	Gzip                // a gzipped tar
	Foreign             // a program of macOS or Windows
	Damaged             // a binary that was sent as text
)

// kinds are the first bytes of each kind.
var kinds = [...]struct {
	first string
	kind  Kind
}{
	{"\x7fELF", ELF},
	{"#!", Script},
	{"PK\x03\x04", Zip},
	{"PK\x05\x06", Zip}, // an empty one
	{"\x1f\x8b", Gzip},
	{"\x1f\ufffd", Damaged},                   // gzip, with bytes replaced that are not UTF-8
	{"\xcf\xfa\xed\xfe", Foreign},             // Mach-O
	{"\xca\xfe\xba\xbe\x00\x00\x00", Foreign}, // Mach-O for several machines
	{"MZ\x90\x00", Foreign},                   // Windows
}

// KindOf returns the kind of a file that begins with first. Inlined it would add 1 KB.
//
//go:noinline
func KindOf(first []byte) Kind {
	for _, k := range kinds {
		if bytes.HasPrefix(first, []byte(k.first)) {
			return k.kind
		}
	}
	return Text
}

// KindOfFile returns the kind of a file. An empty file is an error.
func KindOfFile(file io.ReaderAt) (Kind, error) {
	_, kind, err := kindOfFile(file)
	return kind, err
}

// kindOfFile also returns the beginning of the file, as much as tells an interpreter line.
func kindOfFile(file io.ReaderAt) ([]byte, Kind, error) {
	b := make([]byte, 512)
	n, err := file.ReadAt(b, 0)
	if n > 0 {
		err = nil
	}
	return b[:n], KindOf(b[:n]), err
}
