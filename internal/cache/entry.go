package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
	"time"
)

const (
	maxAge   = 30 * 24 * time.Hour // how long an entry is kept that nobody uses
	interval = 24 * time.Hour      // between two looks for such entries
	swept    = ".swept"            // what the file beside a folder ends with whose time is that of the last look
)

// An entry is a file: the SHA-256 of the content, and the content.

// read returns the content of an entry and marks it as used.
func read(file string) ([]byte, bool) {
	entry, err := os.ReadFile(file)
	if err != nil || len(entry) < sha256.Size {
		return nil, false
	}
	sum, content := entry[:sha256.Size], entry[sha256.Size:]
	if got := sha256.Sum256(content); !bytes.Equal(got[:], sum) {
		return nil, false
	}
	use(file)
	return content, true
}

// look returns what an entry says of itself and marks it as used.
func look(file string) (Entry, bool) {
	f, err := os.Open(file)
	if err != nil {
		return Entry{}, false
	}
	defer f.Close()
	stat, err := f.Stat()
	sum := make([]byte, sha256.Size)
	if _, short := io.ReadFull(f, sum); err != nil || short != nil {
		return Entry{}, false
	}
	use(file)
	return Entry{SHA256: hex.EncodeToString(sum), Size: stat.Size() - sha256.Size}, true
}

// open returns the content of an entry. It is read twice, of which the first time is the check; nobody changes a file of
// the cache, for entries are replaced by others.
func open(file string) (io.ReadCloser, bool) {
	f, err := os.Open(file)
	if err != nil {
		return nil, false
	}
	want, got := make([]byte, sha256.Size), sha256.New()
	_, err = io.ReadFull(f, want)
	if err == nil {
		_, err = io.Copy(got, f)
	}
	if err == nil && bytes.Equal(got.Sum(nil), want) {
		_, err = f.Seek(sha256.Size, io.SeekStart)
		if err == nil {
			return f, true
		}
	}
	_ = f.Close() // it was only read
	return nil, false
}

// use marks an entry as used. In a folder that is read-only, entries just look older.
func use(file string) {
	now := time.Now()
	_ = os.Chtimes(file, now, now)
}

// write writes an entry beside its place and renames it, so that nobody sees half of one.
func write(file string, produce func(w io.Writer) error) (Entry, error) {
	dir := filepath.Dir(file)
	part, err := create(dir)
	if err != nil {
		return Entry{}, advise(err)
	}
	defer os.Remove(part.Name())
	content := newMeter(part)
	_, err = part.Write(make([]byte, sha256.Size))
	if err == nil {
		err = produce(content)
	}
	if failed := content.failed; failed != nil { // by the file, and not by what was produced
		err = advise(failed)
	}
	if err != nil {
		_ = part.Close() // it is removed
		return Entry{}, err
	}
	_, err = part.WriteAt(content.sum.Sum(nil), 0)
	if closed := part.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(part.Name(), file)
	}
	if err != nil {
		return Entry{}, advise(err)
	}
	return content.entry(), nil
}

func advise(err error) error {
	return fmt.Errorf("keep in the cache: %w; name another folder with --cache-dir or $MKIMAGE_CACHE_DIR", err)
}

func create(dir string) (*os.File, error) {
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return nil, err
	}
	sweep(dir)
	return os.CreateTemp(dir, ".part-")
}

// sweep removes what was not used for maxAge, once a day. A cache that cannot be cleaned is still a cache, so errors do
// not count.
func sweep(dir string) {
	mark := dir + swept
	if found, err := os.Stat(mark); err == nil && time.Since(found.ModTime()) < interval {
		return
	}
	_ = os.WriteFile(mark, nil, 0o666)
	use(mark)
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if found, err := entry.Info(); err == nil && time.Since(found.ModTime()) > maxAge {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}

// meter measures what is written through it.
type meter struct {
	w      io.Writer
	sum    hash.Hash
	size   int64
	failed error // of w
}

func newMeter(w io.Writer) *meter { return &meter{w: w, sum: sha256.New()} }

func (m *meter) Write(p []byte) (int, error) {
	n, err := m.w.Write(p)
	m.sum.Write(p[:n])
	m.size += int64(n)
	if err != nil {
		m.failed = err
	}
	return n, err
}

func (m *meter) entry() Entry {
	return Entry{SHA256: hex.EncodeToString(m.sum.Sum(nil)), Size: m.size}
}
