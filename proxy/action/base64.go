//go:build linux

package action

import (
	"bytes"
	"encoding/base64"
	"strconv"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// A Base64Error says where an upload is no base64.
type Base64Error struct {
	Offset int64 // in the text, without line ends and blanks
	What   string
}

func (e *Base64Error) Error() string {
	return "illegal base64 data at input byte " + strconv.FormatInt(e.Offset, 10) + e.What
}

// pieceSize is how many characters are decoded at once, and written with one system call.
const pieceSize = 64 << 10

// decode decodes as many whole groups of four characters as there are. Line ends and blanks between them are passed
// over.
func (u *Upload) decode(text []byte) error {
	if u.out == nil {
		u.out = make([]byte, pieceSize/4*3+3)
	}
	for len(text) > 0 {
		piece := text[:min(len(text), pieceSize)]
		text = text[len(piece):]
		if hasBlanks(piece) {
			piece = dense(piece)
		}
		if err := u.decodeDense(piece); err != nil {
			return err
		}
	}
	return nil
}

func (u *Upload) decodeDense(chars []byte) (err error) {
	n := 0
	if len(u.quad) > 0 {
		more := min(4-len(u.quad), len(chars))
		u.quad = append(u.quad, chars[:more]...)
		chars = chars[more:]
		if len(u.quad) < 4 {
			return nil
		}
		if n, err = u.groups(u.out, u.quad); err != nil {
			return err
		}
	}
	whole := len(chars) &^ 3
	m, err := u.groups(u.out[n:], chars[:whole])
	if err != nil {
		return err
	}
	u.quad = append(u.quad[:0], chars[whole:]...)
	return u.store(u.out[:n+m])
}

// groups decodes whole groups into out.
func (u *Upload) groups(out, chars []byte) (n int, err error) {
	if len(chars) == 0 {
		return 0, nil
	}
	if u.padded {
		return 0, &Base64Error{u.chars, afterEnd}
	}
	n, err = base64.StdEncoding.Decode(out, chars)
	if err != nil {
		at, _ := err.(base64.CorruptInputError)
		wrong := &Base64Error{Offset: u.chars + int64(at)}
		if at > 0 && chars[at-1] == '=' {
			wrong.What = afterEnd
		}
		return 0, wrong
	}
	u.chars += int64(len(chars))
	u.padded = chars[len(chars)-1] == '='
	return n, nil
}

const afterEnd = " (after its end)"

// looksEncoded reports whether text is the beginning of base64 of an ELF, a zip, a gzip or a script.
func looksEncoded(text []byte) bool {
	chars := dense(text)
	chars = chars[:min(len(chars), sniff)&^3]
	first := make([]byte, base64.StdEncoding.DecodedLen(len(chars)))
	n, err := base64.StdEncoding.Decode(first, chars)
	if err != nil {
		return false
	}
	switch code.KindOf(first[:n]) {
	case code.ELF, code.Script, code.Zip, code.Gzip:
		return true
	}
	return false
}

// dense returns text without blanks and line ends. Inlined it would add 0.9 KB.
//
//go:noinline
func dense(text []byte) []byte {
	out := make([]byte, 0, len(text))
	for _, c := range text {
		if !isBlank(c) {
			out = append(out, c)
		}
	}
	return out
}

func isBlank(c byte) bool { return c == ' ' || c == '\n' || c == '\r' || c == '\t' }

// hasBlanks reports whether there are blanks or line ends, in four fast searches: looking at each byte would take as
// long as decoding it.
func hasBlanks(b []byte) bool {
	return bytes.IndexByte(b, ' ') >= 0 || bytes.IndexByte(b, '\n') >= 0 || bytes.IndexByte(b, '\r') >= 0 || bytes.IndexByte(b, '\t') >= 0
}
