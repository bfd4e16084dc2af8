package jsonscan

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"
)

// unquoted decodes a string's inside as a reader of a stream does that has only a piece of it at a time: Plain for the
// bytes, Escape for the rest.
func unquoted(inside []byte, piece int) (string, bool) {
	var out []byte
	var half rune
	flush := func() {
		if half != 0 {
			out = utf8.AppendRune(out, utf8.RuneError)
			half = 0
		}
	}
	for len(inside) > 0 {
		n, err := Plain(inside[:min(piece, len(inside))])
		if err != nil {
			return "", false
		}
		if n > 0 {
			flush()
			out = append(out, inside[:n]...)
			inside = inside[n:]
			continue
		}
		if inside[0] == '"' || len(inside) < 2 {
			return "", false
		}
		size := 2
		if inside[1] == 'u' {
			size = 6
		}
		if len(inside) < size {
			return "", false
		}
		r, ok := Escape(inside[1:size])
		if !ok {
			return "", false
		}
		inside = inside[size:]
		if pair := utf16.DecodeRune(half, r); half != 0 && pair != utf8.RuneError {
			out, half = utf8.AppendRune(out, pair), 0
			continue
		}
		flush()
		if utf16.IsSurrogate(r) {
			half = r
			continue
		}
		out = utf8.AppendRune(out, r)
	}
	flush()
	return string(out), true
}

func samePieces(t *testing.T, inside []byte) {
	t.Helper()
	quoted := append(append([]byte{'"'}, inside...), '"')
	valid := json.Valid(quoted)
	want := ""
	if valid {
		want, _ = Text(quoted)
	}
	for _, piece := range []int{1, 3, 8, 100} {
		got, ok := unquoted(inside, piece)
		if ok != valid || ok && got != want {
			t.Errorf("%q in pieces of %d: %q %v, want %q %v", inside, piece, got, ok, want, valid)
		}
	}
}

var insides = []string{
	``, `plain`, `a\nb\t\"\\\/\b\f\r`, `\u0041\u00e9\u2603`, `\ud83d\ude00`, `\ud83d`, `\ud83dx`, `\ud83d\n`, `\ude00\ud83d`, `\ud83d\ud83d\ude00`,
	`\`, `\x`, `\u12`, `\u12g4`, `a"b`, "a\nb", "\x00", "\x7f❄\xff", `\u0000`, strings.Repeat(`0123456789\n`, 20),
}

func TestPlainAndEscape(t *testing.T) {
	for _, inside := range insides {
		samePieces(t, []byte(inside))
	}
}

func FuzzPlainAndEscape(f *testing.F) {
	for _, inside := range insides {
		f.Add([]byte(inside))
	}
	f.Fuzz(samePieces)
}

// Each place of each byte in a word of eight is found.
func TestPlainStopsAtEachByte(t *testing.T) {
	for c := range 256 {
		for at := range 17 {
			text := []byte(strings.Repeat("\x80", 20))
			text[at] = byte(c)
			want := len(text)
			if c == '"' || c == '\\' || c < 0x20 {
				want = at
			}
			n, err := Plain(text)
			if n != want || (err != nil) != (c < 0x20) {
				t.Errorf("byte %#x at %d: %d %v, want %d", c, at, n, err, want)
			}
		}
	}
}

func TestObjectGivesMembersInOrder(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{`{}`, ``},
		{` { "a" : 1 , "b" : [ 2 ] } `, `a=1 b=[ 2 ]`},
		{`{"a":1,"a":2}`, `a=1 a=2`}, // the caller decides; encoding/json takes the last
		{`{"v\u0061lue":1,"\"":2,"\\":3,"a:\"b":4}`, `value=1 "=2 \=3 a:"b=4`},
		{`{"":0}`, `=0`},
		{`{"\ud83d\ude00":true}`, `😀=true`},
		{`{"a":{"b":"}"}}`, `a={"b":"}"}`},
		{`{"a":1}x`, `a=1 error at byte 7`},
		{`{"a":1,}`, `a=1 error at byte 7`},
		{`{"a":1`, `a=1 error at byte 6`},
		{`{"a":1 "b":2}`, `a=1 error at byte 7`},
		{`[]`, `error at byte 0`},
		{``, `error at byte 0`},
	} {
		var got []string
		members := Object([]byte(c.text))
		for members.Next() {
			got = append(got, string(members.Key)+"="+string(members.Value))
		}
		if err, ok := members.Err().(*SyntaxError); ok {
			got = append(got, "error at byte "+strconv.Itoa(err.Offset))
		}
		if members.Next() {
			t.Errorf("%s: a member after the end", c.text)
		}
		if joined := strings.Join(got, " "); joined != c.want {
			t.Errorf("%s: %s, want %s", c.text, joined, c.want)
		}
	}
}

func TestTrimAndKind(t *testing.T) {
	for raw, kind := range map[string]byte{
		" {} ": '{', "\t[1]\n": '[', ` "x"`: '"', "true ": 't', "false": 'f', "null\r": 'n', "-1": '0', "12": '0', "": 0, " \n": 0,
	} {
		if got := Kind([]byte(raw)); got != kind {
			t.Errorf("Kind(%q) = %q, want %q", raw, got, kind)
		}
		if got := string(Trim([]byte(raw))); got != strings.Trim(raw, " \t\r\n") {
			t.Errorf("Trim(%q) = %q", raw, got)
		}
	}
}
