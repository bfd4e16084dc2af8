package cache

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/atomicfile"
)

const (
	maxAge   = 30 * 24 * time.Hour // after which an unused entry is removed
	interval = 24 * time.Hour      // between two searches for such entries
	swept    = ".swept"            // ending of the file beside a folder whose time is that of the last sweep
)

// An entry is a file: the SHA-256 of the content, the SHA-256 of the entry's place, and the content. A copy in another
// place is not an entry.

const header = 2 * sha256.Size // bytes before the content

// place is the place of an entry.
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
	content, err := readAll(f)
	if got := sha256.Sum256(content); err != nil || !bytes.Equal(got[:], want) {
		return nil, false
	}
	use(p.file())
	return content, true
}

// readAll reads the content of an entry that is open, in memory of its size.
func readAll(f *os.File) ([]byte, error) {
	stat, err := f.Stat()
	if err != nil {
		return nil, err
	}
	content := make([]byte, max(0, stat.Size()-header))
	_, err = io.ReadFull(f, content)
	return content, err
}

// look returns the description of an entry, and marks it as used.
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

// reader returns the content of an entry, after reading it once as a check. Entries are replaced, and never changed in
// place.
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

// open opens an entry of this place at its content, and returns the checksum of the content. Only regular files are
// opened: a pipe would never answer.
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

// write replaces the entry, also if there is a folder or a link in its place.
func (p place) write(produce func(w io.Writer) error) (Entry, error) {
	file := p.file()
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return Entry{}, advise(err)
	}
	sweep(dir)
	if found, err := os.Lstat(file); err == nil && !found.Mode().IsRegular() {
		if err := os.RemoveAll(file); err != nil {
			return Entry{}, advise(err)
		}
	}
	var entry Entry
	var failed error // of produce
	err := atomicfile.Replace(file, func(f *os.File) error {
		if _, err := f.Write(append(make([]byte, sha256.Size), p.sum()...)); err != nil {
			return err
		}
		content := NewMeter(f)
		if failed = produce(content); failed != nil {
			return cmp.Or(content.failed, failed)
		}
		entry = content.Entry()
		_, err := f.WriteAt(content.sum.Sum(nil), 0)
		return err
	})
	if err != nil && err == failed {
		return Entry{}, err
	}
	if err != nil {
		// Windows replaces no file that is read, and it may be this entry, which another build made meanwhile.
		if there, ok := p.look(); ok && there == entry {
			return entry, nil
		}
		return Entry{}, advise(err)
	}
	return entry, nil
}

func advise(err error) error {
	return fmt.Errorf("keep in the cache: %w; name another folder with --cache-dir or $MKIMAGE_CACHE_DIR", err)
}

// sweep removes entries that were not used for maxAge, once a day. Errors are ignored: a cache that cannot be cleaned
// is still a cache.
func sweep(dir string) {
	mark := dir + swept
	if found, err := os.Stat(mark); err == nil && time.Since(found.ModTime()) < interval {
		return
	}
	_ = os.WriteFile(mark, nil, 0o666)
	use(mark)
	atomicfile.Sweep(dir)
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if found, err := entry.Info(); err == nil && time.Since(found.ModTime()) > maxAge {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}
