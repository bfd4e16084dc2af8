//go:build linux

package whisk

import (
	"io"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
)

// codeText copies the text of a JSON string to a sink, unescaped, without ever holding more of it than a piece.
type codeText struct {
	in   *initReader
	sink io.Writer
	out  []byte // short parts, gathered
	high rune   // the first half of a surrogate pair, 0 for none
}

// gathered is how many bytes of short parts are written at once.
const gathered = 16 << 10

// copy goes up to and with the string's closing quote.
func (t *codeText) copy() error {
	in := t.in
	for {
		if err := in.some("within the code"); err != nil {
			return err
		}
		rest := in.piece[in.at:]
		n, err := jsonscan.Plain(rest)
		if err != nil {
			return malformed("control character in the code (escape it as JSON does)")
		}
		if n > 0 {
			if err := t.plain(rest[:n]); err != nil {
				return err
			}
			in.at += n
			continue
		}
		in.at++
		if rest[0] == '"' {
			t.half()
			return t.flush()
		}
		if err := t.escape(); err != nil {
			return err
		}
	}
}

func (t *codeText) plain(text []byte) error {
	t.half()
	if len(text) < gathered/4 {
		t.out = append(t.out, text...)
		if len(t.out) < gathered {
			return nil
		}
		return t.flush()
	}
	if err := t.flush(); err != nil {
		return err
	}
	_, err := t.sink.Write(text)
	return err
}

func (t *codeText) flush() error {
	if len(t.out) == 0 {
		return nil
	}
	_, err := t.sink.Write(t.out)
	t.out = t.out[:0]
	return err
}

// half ends half a surrogate pair that nothing followed.
func (t *codeText) half() {
	if t.high != 0 {
		t.out = utf8.AppendRune(t.out, utf8.RuneError)
		t.high = 0
	}
}

// escape reads the rest of an escape, behind its backslash.
func (t *codeText) escape() error {
	var e [5]byte
	need := 1
	for i := 0; i < need; i++ {
		if err := t.in.some("within the code"); err != nil {
			return err
		}
		e[i] = t.in.piece[t.in.at]
		t.in.at++
		if e[0] == 'u' {
			need = len(e)
		}
	}
	r, ok := jsonscan.Escape(e[:need])
	if !ok {
		return malformed("invalid escape in the code")
	}
	if pair := utf16.DecodeRune(t.high, r); t.high != 0 && pair != utf8.RuneError {
		t.high, r = 0, pair
	}
	t.half()
	if 0xd800 <= r && r < 0xdc00 {
		t.high = r
		return nil
	}
	t.out = utf8.AppendRune(t.out, r)
	if len(t.out) < gathered {
		return nil
	}
	return t.flush()
}
