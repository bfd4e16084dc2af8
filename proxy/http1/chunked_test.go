package http1

import (
	"errors"
	"strings"
	"testing"
)

// decodeIn decodes in, which arrives in pieces of a size, in place.
func decodeIn(in string, size int) (out string, rest string, done bool, err error) {
	var c chunks
	b := []byte(in)
	read, written := 0, 0
	for end := min(size, len(b)); ; end = min(end+size, len(b)) {
		r, w, err := c.decode(b[written:], b[read:end])
		read += r
		written += w
		if err != nil || c.state == chunksDone || end == len(b) {
			return string(b[:written]), string(b[read:]), c.state == chunksDone, err
		}
	}
}

func TestChunks(t *testing.T) {
	tests := []struct {
		name, in, out, rest string
		fails               bool
	}{
		{"none", "0|", "", "", false},
		{"one", "3|abc|0|", "abc", "", false},
		{"several", "3|abc|1|d|0|", "abcd", "", false},
		{"hexadecimal", "a|0123456789|B|0123456789a|0C|0123456789ab|0|", "01234567890123456789a0123456789ab", "", false},
		{"what follows", "1|a|0||GET", "a", "GET", false},
		{"extensions", `1;a;b="c;d";e= f` + "|a|0;z|", "a", "", false},
		{"line ends inside", "4|\r\n\r\n|0|", "\r\n\r\n", "", false},
		{"trailer", "1|a|0|X: y|Content-Length: 7|z:|", "a", "", false},
		{"many zeros for the last", "000|", "", "", false},

		{"no size", "|", "", "", true},
		{"no size but an extension", ";a|", "", "", true},
		{"sign", "+1|a|0|", "", "", true},
		{"minus", "-1|a|0|", "", "", true},
		{"prefix", "0x1|a|0|", "", "", true},
		{"blank before", " 1|a|0|", "", "", true},
		{"blank after", "1 |a|0|", "", "", true},
		{"not a digit", "g|", "", "", true},
		{"too many digits", "0000000000000001|a|0|", "", "", true},
		{"LF after the size", "1\na|0|", "", "", true},
		{"CR alone after the size", "1\ra|0|", "", "", true},
		{"CR CR LF after the size", "1\r|a|0|", "", "", true},
		{"LF in an extension", "1;a\nb|a|0|", "", "", true},
		{"CR in an extension", "1;a\rb|a|0|", "", "", true},
		{"NUL in an extension", "1;a\x00|a|0|", "", "", true},
		{"longer than it says", "1|ab|0|", "a", "", true},
		{"LF after the chunk", "1|a\n0|", "a", "", true},
		{"CR alone after the chunk", "1|a\r0|", "a", "", true},
		{"shorter than it says", "3|a|0||xyz", "a\r\n", "", true},
		{"a request for a trailer", "0|GET / HTTP/1.1|Host: x|", "", "", true},
		{"folded trailer", "0|A: b| c|", "", "", true},
		{"trailer without a name", "0|: b|", "", "", true},
		{"LF after a trailer", "0|A: b\n\r\n", "", "", true},
		{"CR in a trailer", "0|A: b\rc|", "", "", true},
		{"LF for the end", "0|\n", "", "", true},
		{"CR without LF for the end", "0|\rX", "", "", true},
		{"long extension", "1;" + strings.Repeat("x", maxLine+1) + "|a|0|", "", "", true},
		{"long trailer", "0|A: " + strings.Repeat("x", maxLine) + "|", "", "", true},
		{"many trailers", "0|" + strings.Repeat("A: b|", maxLine), "", "", true},
		{"extensions without end", strings.Repeat("1;"+strings.Repeat("x", 8000)+"|a|", 4) + "0|", "aa", "", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := strings.ReplaceAll(test.in, "|", "\r\n")
			if !strings.Contains(test.in, "||") {
				in += "\r\n"
			}
			for _, size := range []int{1, 2, 3, 7, len(in)} {
				out, rest, done, err := decodeIn(in, size)
				var r *refusal
				if err != nil && !errors.As(err, &r) {
					t.Errorf("error %T", err)
				}
				if out != test.out || (err != nil) != test.fails || done == test.fails {
					t.Fatalf("in pieces of %d: %q, done %v, %v; want %q, fails %v", size, out, done, err, test.out, test.fails)
				}
				if !test.fails && rest != test.rest {
					t.Fatalf("in pieces of %d: %q follows, want %q", size, rest, test.rest)
				}
			}
		})
	}
}

// Chunks of one byte are odd but no waste that is refused, whatever their number.
func TestShortChunks(t *testing.T) {
	const n = 100_000
	out, _, done, err := decodeIn(strings.Repeat("1;a=b\r\nx\r\n", n)+"0\r\n\r\n", 1000)
	if err != nil || !done || out != strings.Repeat("x", n) {
		t.Fatalf("%d bytes, done %v, %v; want %d", len(out), done, err, n)
	}
}

func FuzzChunks(f *testing.F) {
	f.Add([]byte("3;a\r\nabc\r\n0\r\nA: b\r\n\r\nrest"), 2)
	f.Add([]byte("ffffffffffffff\r\n"), 1)
	f.Fuzz(func(t *testing.T, in []byte, size int) {
		size = max(1, size)
		out, rest, done, err := decodeIn(string(in), len(in))
		out2, rest2, done2, err2 := decodeIn(string(in), size)
		if out != out2 || done != done2 || (err == nil) != (err2 == nil) || err == nil && rest != rest2 {
			t.Fatalf("whole: %q, %q, %v, %v; in pieces of %d: %q, %q, %v, %v", out, rest, done, err, size, out2, rest2, done2, err2)
		}
	})
}
