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

// An entry is a file: the SHA-256 of the content, that of the place which the entry was made for, and the content. One
// that was copied to another place is none there.

const header = 2 * sha256.Size // bytes before the content

// place is where an entry is.
type place struct{ dir, kind, key string }

func (p place) file() string { return filepath.Join(p.dir, p.kind, p.key) }

// sum stands for the place in the entry itself, without the folder of the cache, which may be moved.
func (p place) sum() []byte {
	sum := sha256.Sum256([]byte(p.kind + "/" + p.key))
	return sum[:]
}

// read returns the content of an entry and marks it as used.
func (p place) read() ([]byte, bool) {
	f, want, ok := p.open()
	if !ok {
		return nil, false
	}
	defer f.Close()
	content, err := io.ReadAll(f)
	if got := sha256.Sum256(content); err != nil || !bytes.Equal(got[:], want) {
		return nil, false
	}
	use(p.file())
	return content, true
}

// look returns what an entry says of itself and marks it as used.
func (p place) look() (Entry, bool) {
	f, sum, ok := p.open()
	if !ok {
		return Entry{}, false
	}
	defer f.Close()
	stat, err := f.Stat()
	if err != nil {
		return Entry{}, false
	}
	use(p.file())
	return Entry{SHA256: hex.EncodeToString(sum), Size: stat.Size() - header}, true
}

// reader returns the content of an entry. It is read twice, of which the first time is the check; nobody changes a file
// of the cache, for entries are replaced by others.
func (p place) reader() (io.ReadCloser, bool) {
	f, want, ok := p.open()
	if !ok {
		return nil, false
	}
	got := sha256.New()
	if _, err := io.Copy(got, f); err == nil && bytes.Equal(got.Sum(nil), want) {
		if _, err := f.Seek(header, io.SeekStart); err == nil {
			return f, true
		}
	}
	_ = f.Close() // it was only read
	return nil, false
}

// open opens an entry that was made for this place, at its content, and returns the sum that the content must have. What
// is no file is not opened: a pipe would never answer.
func (p place) open() (f *os.File, sum []byte, ok bool) {
	if found, err := os.Stat(p.file()); err != nil || !found.Mode().IsRegular() {
		return nil, nil, false
	}
	f, err := os.Open(p.file())
	if err != nil {
		return nil, nil, false
	}
	head := make([]byte, header)
	if _, err := io.ReadFull(f, head); err != nil || !bytes.Equal(head[sha256.Size:], p.sum()) {
		_ = f.Close() // it was only read
		return nil, nil, false
	}
	return f, head[:sha256.Size], true
}

// use marks an entry as used. In a folder that is read-only, entries just look older.
func use(file string) {
	now := time.Now()
	_ = os.Chtimes(file, now, now)
}

// write writes an entry beside its place and renames it, so that nobody sees half of one.
func (p place) write(produce func(w io.Writer) error) (Entry, error) {
	part, err := create(filepath.Dir(p.file()))
	if err != nil {
		return Entry{}, advise(err)
	}
	defer os.Remove(part.Name())
	content := newMeter(part)
	_, err = part.Write(append(make([]byte, sha256.Size), p.sum()...))
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
		err = p.take(part.Name())
	}
	if err != nil {
		return Entry{}, advise(err)
	}
	return content.entry(), nil
}

// take puts a new file into the place of the entry, also where somebody has made a folder there.
func (p place) take(part string) error {
	err := os.Rename(part, p.file())
	if found, statErr := os.Lstat(p.file()); err != nil && statErr == nil && found.IsDir() {
		if err = os.RemoveAll(p.file()); err == nil {
			err = os.Rename(part, p.file())
		}
	}
	return err
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
