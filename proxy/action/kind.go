//go:build linux

package action

import (
	"bytes"
	"unicode/utf8"
)

// A Kind is what an upload is, by its first bytes.
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
	{"\x1f\ufffd", Damaged},                   // gzip, what is no UTF-8 replaced
	{"\xcf\xfa\xed\xfe", Foreign},             // Mach-O
	{"\xca\xfe\xba\xbe\x00\x00\x00", Foreign}, // Mach-O for several machines
	{"MZ\x90\x00", Foreign},                   // Windows
}

// kindOf is what a file is that begins with first. Inlined it would add 1 KB.
//
//go:noinline
func kindOf(first []byte) Kind {
	for _, k := range kinds {
		if bytes.HasPrefix(first, []byte(k.first)) {
			return k.kind
		}
	}
	return Text
}

// kind is what an upload is. An empty file is an error.
func (f *File) kind() (Kind, error) {
	first, err := firstBytes(f)
	kind := kindOf(first)
	if f.text && (kind == ELF || kind == Zip || kind == Gzip) && f.damaged() {
		kind = Damaged
	}
	return kind, err
}

// damaged reports whether bytes of a binary were replaced on its way: a JSON
// string holds nothing but UTF-8, and U+FFFD stands for what is none. The kind's
// own bytes may well have survived.
func (f *File) damaged() bool {
	b := make([]byte, 64<<10)
	n, _ := f.ReadAt(b, 0)
	b = b[:n]
	for len(b) > 0 && !utf8.RuneStart(b[len(b)-1]) { // what may be half of a character
		b = b[:len(b)-1]
	}
	b = b[:max(len(b)-1, 0)]
	return bytes.Contains(b, []byte("\ufffd")) && utf8.Valid(b)
}

// firstBytes is the beginning of a file, as much as tells its kind and an
// interpreter line. An empty file is an error.
func firstBytes(file *File) ([]byte, error) {
	b := make([]byte, 512)
	n, err := file.ReadAt(b, 0)
	if n > 0 {
		err = nil
	}
	return b[:n], err
}
