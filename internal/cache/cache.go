// Package cache keeps results that take long to make, such as compiled programs and compressed layers, in a folder, by
// key:
//
//	binary, err := dir.Do("go", cache.Key(source, toolchain, platform), compile)
//
// A key names everything that the content depends on, so an entry is never stale. An entry that is broken, or was made
// for another key, is made anew.
package cache

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
)

// Dir is a cache folder. The zero value keeps nothing.
type Dir struct {
	path string
	held *os.File // see Hold

	decoded *sync.Map // see Remember; nil where nothing is
}

// Open returns the cache at path, or, where path is empty, at $MKIMAGE_CACHE_DIR, else the folder mkimage in the
// user's cache folder. The folder is made when something is kept.
func Open(path string) (Dir, error) {
	if path == "" {
		path = os.Getenv("MKIMAGE_CACHE_DIR")
	}
	if path == "" {
		user, err := os.UserCacheDir()
		if err != nil {
			return Dir{}, fmt.Errorf("find a cache folder: %w; name one with --cache-dir or $MKIMAGE_CACHE_DIR", err)
		}
		path = filepath.Join(user, "mkimage")
	}
	return Dir{path: path, decoded: &sync.Map{}}, nil
}

// Folder returns a folder for entries with a form of their own, or "" if there is no cache.
func (d Dir) Folder(kind string) string {
	if d.path == "" {
		return ""
	}
	return filepath.Join(d.path, kind)
}

// Key returns the key that stands for all the parts: their SHA-256, in hexadecimal.
func Key(parts ...string) string {
	sum := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Do returns the content for a kind and a key. If there is none, or if it is broken, Do calls produce and keeps the
// result.
func (d Dir) Do(kind, key string, produce func() ([]byte, error)) ([]byte, error) {
	if d.path == "" {
		return produce()
	}
	if content, ok := d.Last(kind, key); ok {
		return content, nil
	}
	content, err := produce()
	if err != nil {
		return nil, err
	}
	if err := d.Replace(kind, key, content); err != nil {
		return nil, err
	}
	return content, nil
}

// Last returns the content that [Dir.Replace] kept for a kind and a key. The caller decides whether it is still right.
func (d Dir) Last(kind, key string) ([]byte, bool) {
	if d.path == "" {
		return nil, false
	}
	return place{d.path, kind, key}.read()
}

// Replace keeps content for a kind and a key, in place of any former content.
func (d Dir) Replace(kind, key string, content []byte) error {
	if d.path == "" {
		return nil
	}
	_, err := d.Put(kind, key, func(w io.Writer) error {
		_, err := w.Write(content)
		return err
	})
	return err
}

// Remember keeps a decoded value for a kind and a key as long as this [Dir] is used, so that its content is not read and
// decoded again. Nobody may change it afterwards.
func (d Dir) Remember(kind, key string, value any) {
	if d.decoded != nil {
		d.decoded.Store([2]string{kind, key}, value)
	}
}

// Remembered returns the value of [Dir.Remember].
func (d Dir) Remembered(kind, key string) (any, bool) {
	if d.decoded == nil {
		return nil, false
	}
	return d.decoded.Load([2]string{kind, key})
}

// Keeps reports whether anything is kept at all.
func (d Dir) Keeps() bool { return d.path != "" }

// Entry describes an entry of the cache, without its bytes.
type Entry struct {
	SHA256 string // of the content, in hexadecimal
	Size   int64  // of the content, in bytes
}

// Put keeps the bytes that produce writes, without holding them in memory. Without a cache, it only measures them.
func (d Dir) Put(kind, key string, produce func(w io.Writer) error) (Entry, error) {
	if d.path == "" {
		content := NewMeter(io.Discard)
		err := produce(content)
		return content.Entry(), err
	}
	return place{d.path, kind, key}.write(produce)
}

// Look returns the description of an entry, which [Dir.Reader] checks against the bytes. It marks the entry as used.
func (d Dir) Look(kind, key string) (Entry, bool) {
	if d.path == "" {
		return Entry{}, false
	}
	return place{d.path, kind, key}.look()
}

// Reader returns the content that is kept under kind and key, checked, without holding it in memory. It returns nil if
// there is none, or if it is broken.
func (d Dir) Reader(kind, key string) (io.ReadCloser, bool) {
	if d.path == "" {
		return nil, false
	}
	return place{d.path, kind, key}.reader()
}
