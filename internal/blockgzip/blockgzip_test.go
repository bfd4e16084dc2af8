package blockgzip

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"testing"

	"compress/gzip"

	"golang.org/x/mod/modfile"
)

// content returns bytes that compress a little, always the same.
func content(size int) []byte {
	random := rand.New(rand.NewPCG(1, 2))
	words := strings.Fields("layer digest manifest image blob config tag push pull base")
	var text bytes.Buffer
	for text.Len() < size {
		text.WriteString(words[random.IntN(len(words))])
		text.WriteByte(byte(random.IntN(256)))
	}
	return text.Bytes()[:size]
}

func zip(t *testing.T, pool *Pool, content []byte, piece int) []byte {
	t.Helper()
	var zipped bytes.Buffer
	w := pool.NewWriter(&zipped)
	for rest := content; len(rest) > 0; rest = rest[min(piece, len(rest)):] {
		if n, err := w.Write(rest[:min(piece, len(rest))]); err != nil || n != min(piece, len(rest)) {
			t.Fatal(n, err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return zipped.Bytes()
}

// unzip unpacks a stream with the standard library, which checks size and checksum.
func unzip(t *testing.T, zipped []byte) []byte {
	t.Helper()
	reader, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// TestStreams holds that the standard library unpacks a stream to its content, and that its bytes do not depend on the
// number of blocks at the same time, on the writes, or on what the pool has compressed before.
func TestStreams(t *testing.T) {
	many, one := NewPool(8), NewPool(1)
	for _, size := range []int{0, 1, windowSize, blockSize - 1, blockSize, blockSize + 1, 5*blockSize + 77} {
		text := content(size)
		zipped := zip(t, many, text, size+1)
		if got := unzip(t, zipped); !bytes.Equal(got, text) {
			t.Errorf("%d bytes are unpacked to %d", size, len(got))
		}
		for _, again := range [][]byte{zip(t, one, text, size+1), zip(t, many, text, 1000), zip(t, NewPool(3), text, blockSize)} {
			if !bytes.Equal(again, zipped) {
				t.Errorf("%d bytes are compressed in two ways", size)
			}
		}
	}
}

// FuzzStreams holds the same for any content, blocks of any size and writes of any size.
func FuzzStreams(f *testing.F) {
	f.Add([]byte("layer digest manifest "), uint8(9), uint32(16), uint32(5))
	f.Add([]byte{0}, uint8(99), uint32(1), uint32(1))
	f.Add(content(20_000), uint8(3), uint32(windowSize), uint32(1000))
	f.Add([]byte{}, uint8(0), uint32(0), uint32(0))
	one, many := NewPool(1), NewPool(4)
	f.Fuzz(func(t *testing.T, part []byte, times uint8, size, piece uint32) {
		const most, blocks = 100_000, 100
		text := bytes.Repeat(part, min(int(times)+1, most/max(1, len(part))))
		one.size = max(1, len(text)/blocks, int(size%(2*windowSize)))
		many.size = one.size
		zipped := zip(t, one, text, len(text)+1)
		if got := unzip(t, zipped); !bytes.Equal(got, text) {
			t.Fatalf("%d bytes in blocks of %d are unpacked to %d others", len(text), one.size, len(got))
		}
		if again := zip(t, many, text, max(1, len(text)/blocks, int(piece%(2*windowSize)))); !bytes.Equal(again, zipped) {
			t.Errorf("%d bytes in blocks of %d are compressed in two ways", len(text), one.size)
		}
	})
}

// TestStreamsShareBlocks holds that streams at the same time go on with fewer blocks than there are streams.
func TestStreamsShareBlocks(t *testing.T) {
	pool, text := NewPool(2), content(3*blockSize+1)
	want := zip(t, pool, text, len(text))
	var streams sync.WaitGroup
	for range 8 {
		streams.Go(func() {
			if got := zip(t, pool, text, 50_000); !bytes.Equal(got, want) {
				t.Error("the streams are mixed up")
			}
		})
	}
	streams.Wait()
}

// full is a disk without room.
type full struct{ room int }

var errFull = errors.New("no space left")

func (f *full) Write(p []byte) (int, error) {
	if f.room -= len(p); f.room < 0 {
		return 0, errFull
	}
	return len(p), nil
}

// TestFailures holds that an error of the writer is returned by Close at the latest, and that the pool can be used
// afterwards.
func TestFailures(t *testing.T) {
	pool, text := NewPool(2), content(4*blockSize)
	want := zip(t, pool, text, len(text))
	for _, room := range []int{0, len(header), len(want) / 2, len(want) - 1} {
		w := pool.NewWriter(&full{room})
		_, err := w.Write(text)
		if closed := w.Close(); !errors.Is(closed, errFull) || err != nil && !errors.Is(err, errFull) {
			t.Errorf("room for %d bytes: %v, %v", room, err, closed)
		}
	}
	if got := zip(t, pool, text, len(text)); !bytes.Equal(got, want) {
		t.Error("a failure changes what comes after it")
	}
}

func TestCompressorIsTheOneOfGoMod(t *testing.T) {
	text, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	file, err := modfile.ParseLax("go.mod", text, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, require := range file.Require {
		if path, _, _ := strings.Cut(Name, "@"); require.Mod.Path == path {
			if !strings.HasPrefix(Name, require.Mod.String()+" ") {
				t.Errorf("the name says %q, go.mod has %s", Name, require.Mod)
			}
			return
		}
	}
	t.Errorf("go.mod does not have %s", Name)
}
