package code

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"testing/iotest"
)

// contents are texts of every sort of block: stored, with fixed and with dynamic codes, longer than the window.
func contents() map[string][]byte {
	random := make([]byte, 100<<10)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range random {
		random[i] = byte(r.Uint32())
	}
	skewed := make([]byte, 200<<10)
	for i := range skewed {
		skewed[i] = byte(r.ExpFloat64() * 3)
	}
	far := append(append(bytes.Clone(random[:1000]), make([]byte, 32<<10-1000)...), random[:1000]...)
	return map[string][]byte{
		"empty": nil, "one byte": []byte("x"), "short": []byte("hello hello hello"),
		"zeros": make([]byte, 200<<10), "random": random, "skewed": skewed, "far": far,
		"text": []byte(strings.Repeat("The quick brown fox jumps over the lazy dog. ", 5000)),
	}
}

func deflated(t testing.TB, content []byte, level int) []byte {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	must(t, err)
	_, err = w.Write(content)
	must(t, err)
	must(t, w.Close())
	return b.Bytes()
}

// inflated decodes at most 1 MiB, and tells how much of b was read for it.
func inflated(b []byte) (content []byte, read int, err error) {
	in, d := &input{}, &inflater{}
	in.reset(bytes.NewReader(b), 0, int64(len(b)))
	d.reset(in)
	content, err = io.ReadAll(io.LimitReader(d, 1<<20))
	return content, int(in.next) - (in.full - in.at), err
}

func TestInflate(t *testing.T) {
	for name, content := range contents() {
		for level := flate.HuffmanOnly; level <= flate.BestCompression; level++ {
			b := deflated(t, content, level)
			got, read, err := inflated(append(b, "more than 8 bytes that follow"...))
			if err != nil || !bytes.Equal(got, content) || read != len(b) {
				t.Errorf("%s, level %d: %d bytes of %d read, %d of %d decoded, %v", name, level, read, len(b), len(got), len(content), err)
			}
		}
	}
}

func TestInflateBytewise(t *testing.T) {
	content := contents()["text"]
	in, d := &input{}, &inflater{}
	b := deflated(t, content, 6)
	in.reset(bytes.NewReader(b), 0, int64(len(b)))
	d.reset(in)
	must(t, iotest.TestReader(d, content))
}

func TestInflateCutOff(t *testing.T) {
	whole := deflated(t, contents()["text"][:3000], 6)
	for n := range whole {
		if _, _, err := inflated(whole[:n]); err != errCutOff {
			t.Errorf("%d of %d bytes: %v", n, len(whole), err)
		}
	}
}

// FuzzInflate holds the inflater against compress/flate: the same verdict, and the same content where that is good.
func FuzzInflate(f *testing.F) {
	for _, content := range contents() {
		for _, level := range []int{flate.HuffmanOnly, flate.NoCompression, flate.BestSpeed, flate.BestCompression} {
			f.Add(deflated(f, content[:min(len(content), 4000)], level))
		}
	}
	f.Add([]byte{0x4b, 0x04, 0x00}) // fixed codes
	f.Add([]byte{0x01, 0x01, 0x00, 0xfe, 0xff, 'x'})
	f.Fuzz(func(t *testing.T, b []byte) {
		want, wantErr := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(b)), 1<<20))
		got, read, err := inflated(b)
		if (err == nil) != (wantErr == nil) || err == nil && !bytes.Equal(got, want) {
			t.Errorf("%x: %d bytes and %v, compress/flate gives %d and %v", b, len(got), err, len(want), wantErr)
		}
		if read < 0 || read > len(b) {
			t.Errorf("%x: stands at byte %d", b, read)
		}
	})
}

func gunzipped(b []byte) ([]byte, error) {
	in := &input{}
	in.reset(bytes.NewReader(b), 0, int64(len(b)))
	return io.ReadAll(io.LimitReader(newGunzip(in, &inflater{}), 1<<20))
}

func TestGunzip(t *testing.T) {
	member := func(content string, set func(*gzip.Header)) []byte {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		set(&w.Header)
		w.Write([]byte(content))
		must(t, w.Close())
		return b.Bytes()
	}
	plain := member("hello", func(*gzip.Header) {})
	withSum := bytes.Clone(plain)
	withSum[3] |= gzipHasSum
	withSum = append(withSum[:10:10], append([]byte{0, 0}, plain[10:]...)...)
	wrongSum, wrongSize, wrongMethod, reserved := bytes.Clone(plain), bytes.Clone(plain), bytes.Clone(plain), bytes.Clone(plain)
	wrongSum[len(plain)-8] ^= 1
	wrongSize[len(plain)-1] ^= 1
	wrongMethod[2] = 7
	reserved[3] |= 0x80
	for _, c := range []struct {
		name string
		gzip []byte
		want string
		err  string
	}{
		{"plain", plain, "hello", ""},
		{"all fields", member("hello", func(h *gzip.Header) { h.Name, h.Comment, h.Extra = "name", "comment", []byte("extra") }), "hello", ""},
		{"header sum", withSum, "hello", ""},
		{"two members", append(bytes.Clone(plain), plain...), "hellohello", ""},
		{"zeros behind", append(bytes.Clone(plain), 0, 0, 0), "hello", ""},
		{"something behind", append(bytes.Clone(plain), "garbage that is no member"...), "hello", "it has no gzip header"},
		{"wrong sum", wrongSum, "hello", "its checksum is wrong"},
		{"wrong size", wrongSize, "hello", "its checksum is wrong"},
		{"wrong method", wrongMethod, "", "it has no gzip header"},
		{"reserved flag", reserved, "", "it has no gzip header"},
		{"name without end", plain[:3:3], "", "it is cut off"},
	} {
		got, err := gunzipped(c.gzip)
		text := ""
		if err != nil {
			text = err.Error()
		}
		if string(got) != c.want || text != c.err {
			t.Errorf("%s: %q %q, want %q %q", c.name, got, text, c.want, c.err)
		}
	}
}

// FuzzGunzip holds it against compress/gzip, but for the header's own sum, which is not checked, and zeros at the end,
// which are allowed.
func FuzzGunzip(f *testing.F) {
	var b bytes.Buffer
	for _, text := range []string{"hello", "hello again", ""} {
		w := gzip.NewWriter(&b)
		w.Write([]byte(text))
		must(f, w.Close())
		f.Add(bytes.Clone(b.Bytes()))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := gunzipped(b)
		z, wantErr := gzip.NewReader(bytes.NewReader(b))
		var want []byte
		if wantErr == nil {
			want, wantErr = io.ReadAll(io.LimitReader(z, 1<<20))
		}
		switch {
		case wantErr == nil && (err != nil || !bytes.Equal(got, want)):
			t.Errorf("%x: %q and %v, compress/gzip gives %q", b, got, err, want)
		case wantErr != nil && err == nil && wantErr != gzip.ErrHeader && wantErr != io.ErrUnexpectedEOF:
			t.Errorf("%x: %q, compress/gzip gives %v", b, got, wantErr)
		}
	})
}

func BenchmarkInflate(b *testing.B) {
	program, err := os.ReadFile(os.Args[0]) // this test itself
	must(b, err)
	packed := deflated(b, program, flate.DefaultCompression)
	b.Run("own", func(b *testing.B) {
		b.SetBytes(int64(len(program)))
		b.ReportAllocs()
		in, d := &input{}, &inflater{}
		for b.Loop() {
			in.reset(bytes.NewReader(packed), 0, int64(len(packed)))
			d.reset(in)
			if n, err := io.Copy(io.Discard, d); err != nil || n != int64(len(program)) {
				b.Fatal(n, err)
			}
		}
	})
	b.Run("flate", func(b *testing.B) {
		b.SetBytes(int64(len(program)))
		for b.Loop() {
			if n, err := io.Copy(io.Discard, flate.NewReader(bytes.NewReader(packed))); err != nil || n != int64(len(program)) {
				b.Fatal(n, err)
			}
		}
	})
}
