//go:build linux

package action

import (
	"bytes"
	"unicode/utf8"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// kind returns the kind of an upload. An empty file is an error.
func (f *File) kind() (code.Kind, error) {
	kind, err := code.KindOfFile(f)
	if f.text && (kind == code.ELF || kind == code.Zip || kind == code.Gzip) && f.damaged() {
		kind = code.Damaged
	}
	return kind, err
}

// damaged reports whether bytes of a binary were replaced on its way: a JSON string holds nothing but UTF-8, and U+FFFD
// stands for all other bytes. The kind's own bytes may well have survived.
func (f *File) damaged() bool {
	b := make([]byte, 64<<10)
	n, _ := f.ReadAt(b, 0)
	b = b[:n]
	for len(b) > 0 && !utf8.RuneStart(b[len(b)-1]) { // perhaps half of a character
		b = b[:len(b)-1]
	}
	b = b[:max(len(b)-1, 0)]
	return bytes.Contains(b, []byte("\ufffd")) && utf8.Valid(b)
}
