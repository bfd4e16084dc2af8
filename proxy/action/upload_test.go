//go:build linux

package action

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// send uploads a text in pieces of n bytes.
func send(t testing.TB, u *Upload, text string, n int) error {
	t.Helper()
	for len(text) > 0 {
		piece := text[:min(n, len(text))]
		if _, err := u.Write([]byte(piece)); err != nil {
			return err
		}
		text = text[len(piece):]
	}
	return nil
}

// received is what an upload's file holds, and what it is taken for.
func received(t testing.TB, text string, n int, before, after bool, limits code.Limits) (string, code.Kind, error) {
	t.Helper()
	u, err := NewUpload(t.TempDir(), limits)
	must(t, err)
	defer u.Discard()
	u.Binary(before)
	if err := send(t, u, text, n); err != nil {
		return "", 0, err
	}
	file, err := u.Close(after)
	if err != nil {
		return "", 0, err
	}
	content, err := os.ReadFile(file.Name())
	must(t, err)
	kind, _ := file.kind()
	return string(content), kind, nil
}

func encode(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }

// wrapped breaks text into lines, as base64(1) does.
func wrapped(text, end string) string {
	var b strings.Builder
	for ; len(text) > 76; text = text[76:] {
		b.WriteString(text[:76] + end)
	}
	return b.String() + text + end
}

func TestUploads(t *testing.T) {
	elf := "\x7fELF\x02\x01\x01" + strings.Repeat("\x00\xc0\xff", 200)
	zip := string(zipOf(t, program("exec"), file("lib/a", strings.Repeat("content ", 100))))
	tarGz := string(tarGzOf(t, program("exec")))
	source := "def main(args):\n    return {\"a\": 1} # ❄\n"
	asText := func(binary string) string { return strings.ToValidUTF8(binary, "\ufffd") }
	for _, c := range []struct {
		name   string
		text   string
		binary bool
		want   string
		kind   code.Kind
	}{
		{"source", source, false, source, code.Text},
		{"script", script, false, script, code.Script},
		{"long script", script + source + strings.Repeat("#\n", 5000), false, script + source + strings.Repeat("#\n", 5000), code.Script},
		{"one character", "x", false, "x", code.Text},
		{"blanks alone", strings.Repeat(" ", 5000), false, strings.Repeat(" ", 5000), code.Text},
		{"ELF", encode(elf), true, elf, code.ELF},
		{"script in base64", encode(script), true, script, code.Script},
		{"source in base64", encode(source), true, source, code.Text},
		{"zip", encode(zip), true, zip, code.Zip},
		{"tar.gz", encode(tarGz), true, tarGz, code.Gzip},
		{"ELF that is not said to be binary", encode(elf), false, elf, code.ELF},
		{"zip that is not said to be binary", encode(zip), false, zip, code.Zip},
		{"tar.gz that is not said to be binary", encode(tarGz), false, tarGz, code.Gzip},
		{"script in base64 that is not said to be binary", encode(script), false, script, code.Script},
		{"source in base64 that is not said to be binary", encode(source), false, encode(source), code.Text},
		{"lines", wrapped(encode(zip), "\n"), true, zip, code.Zip},
		{"Windows lines", wrapped(encode(zip), "\r\n"), true, zip, code.Zip},
		{"blanks for lines, as the seed's shell line gives", wrapped(encode(elf), " "), false, elf, code.ELF},
		{"blanks at the beginning", " \n\t" + encode(elf), false, elf, code.ELF},
		{"source in base64 with lines", wrapped(encode(strings.Repeat(source, 9)), "\n"), true, strings.Repeat(source, 9), code.Text},
		{"ELF sent as text", asText(elf), false, asText(elf), code.Damaged},
		{"tar.gz sent as text", asText(tarGz), false, asText(tarGz), code.Damaged},
		{"zip sent as text", asText(zip), false, asText(zip), code.Damaged},
		{"ELF that came whole nevertheless", elf, false, elf, code.ELF},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, n := range []int{1, 7, 64, 1000, 1 << 20} {
				for _, before := range []bool{false, true} {
					got, kind, err := received(t, c.text, n, c.binary && before, c.binary, testLimits)
					if err != nil || got != c.want || kind != c.kind {
						t.Errorf("in pieces of %d, binary known before %v: %.60q %v %v, want %.60q %v", n, before, got, kind, err, c.want, c.kind)
					}
				}
			}
		})
	}
}

func TestBrokenBase64(t *testing.T) {
	elf := encode("\x7fELF" + strings.Repeat("x", 3*40000))
	other := encode(strings.Repeat("y", 3*40000))
	for _, c := range []struct {
		name string
		text string
		want string
	}{
		{"a wrong character", elf[:1000] + "*" + elf[1001:], "illegal base64 data at input byte 1000"},
		{"a wrong character far in", elf[:100001] + "*" + elf[100002:], "illegal base64 data at input byte 100001"},
		{"a wrong character between lines", wrapped(elf[:1000]+"*"+elf[1001:], "\r\n"), "illegal base64 data at input byte 1000"},
		{"cut off", elf[:1001], "illegal base64 data at input byte 1000 (it is cut off)"},
		{"a sign too many", elf[:1000] + "=", "illegal base64 data at input byte 1000 (it is cut off)"},
		{"more after its end", elf[:1000] + "QQ==" + elf[:4], "illegal base64 data at input byte 1004 (after its end)"},
		{"unknown content", other[:2000] + "?" + other[2001:], "illegal base64 data at input byte 2000"},
		{"not base64 at all", "#!/bin/sh", "illegal base64 data at input byte 0"},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, n := range []int{1, 5, 4096, 1 << 20} {
				_, _, err := received(t, c.text, n, false, true, testLimits)
				var broken *Base64Error
				if !errors.As(err, &broken) || err.Error() != c.want {
					t.Errorf("in pieces of %d: %v, want %q", n, err, c.want)
				}
			}
		})
	}
}

func TestUploadsThatAreTooLarge(t *testing.T) {
	limits := testLimits
	limits.Code = 1000
	for name, c := range map[string]struct {
		text string
		want error
	}{
		"just right":         {strings.Repeat("x", 1000), nil},
		"one more":           {strings.Repeat("x", 1001), ErrTooLarge},
		"just right, base64": {encode("#!" + strings.Repeat("x", 998)), nil},
		"one more, base64":   {encode("#!" + strings.Repeat("x", 999)), ErrTooLarge},
	} {
		if _, _, err := received(t, c.text, 100, false, false, limits); err != c.want {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
}

func TestUploadWhereNothingCanBeWritten(t *testing.T) {
	_, err := NewUpload("/nowhere/at/all", testLimits)
	isOneLine(t, err)
	if want := "cannot write to /nowhere/at/all: no such file or directory (make the folder, or set OW_ACTION_DIR)"; err.Error() != want {
		t.Errorf("%v, want %q", err, want)
	}
	_, err = NewUpload("/proc/self", testLimits)
	isOneLine(t, err)
}

// A 48 MB upload does not stand in memory (rule 23).
func TestLargeUploadTakesLittleMemory(t *testing.T) {
	u, err := NewUpload(t.TempDir(), testLimits)
	must(t, err)
	defer u.Discard()
	piece := []byte(encode("\x7fELF" + strings.Repeat("\xff", 3*16<<10-4)))[:64<<10-1] // groups do not end where pieces end
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for u.Size() < 48<<20 {
		_, err := u.Write(piece)
		must(t, err)
	}
	runtime.ReadMemStats(&after)
	if allocated := after.TotalAlloc - before.TotalAlloc; allocated > 1<<20 {
		t.Errorf("allocated %d bytes", allocated)
	}
}

// FuzzBase64 checks that base64 decodes as encoding/base64 does it, in pieces of any length.
func FuzzBase64(f *testing.F) {
	f.Add([]byte(encode("hello")), uint(1))
	f.Add([]byte("aGVs bG8=\n"), uint(3))
	f.Add([]byte("aGVsbG8==="), uint(2))
	f.Add([]byte("QQ==QQ=="), uint(4))
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text []byte, n uint) {
		u, err := NewUpload(dir, testLimits)
		must(t, err)
		defer u.Discard()
		u.Binary(true)
		err = send(t, u, string(text), int(n%100)+1)
		var got []byte
		if err == nil {
			var file *File
			if file, err = u.Close(true); err == nil {
				got, _ = io.ReadAll(io.NewSectionReader(file, 0, u.Size()))
			}
		}
		want, wantErr := base64.StdEncoding.DecodeString(string(dense(text)))
		if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, want) {
			t.Errorf("%q in pieces of %d: %q %v, want %q %v", text, n, got, err, want, wantErr)
		}
	})
}

// What an upload of a program costs beside its decoding.
func BenchmarkUploadProgram(b *testing.B) {
	text := []byte(base64.StdEncoding.EncodeToString(testProgram(b)))
	f := newTestFolder(b)
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		u, err := f.Upload()
		must(b, err)
		u.Binary(true)
		for rest := text; len(rest) > 0; {
			n := min(len(rest), 64<<10)
			_, err := u.Write(rest[:n])
			must(b, err)
			rest = rest[n:]
		}
		file, err := u.Close(true)
		must(b, err)
		_, err = f.Place(file)
		must(b, err)
		f.Settle(true)
		u.Discard()
	}
}
