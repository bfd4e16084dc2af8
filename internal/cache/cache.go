// Package cache keeps what is costly to make (compiled programs, compressed layers) in a folder, by key:
//
//	binary, err := dir.Do("go", cache.Key(source, toolchain, platform), compile)
//
// A key names all that the content depends on, so an entry is never stale; it is used, or it is broken and made anew.
package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// maxAge is how long an entry is kept that nobody uses.
const maxAge = 30 * 24 * time.Hour

// Dir is a cache folder. The zero value keeps nothing.
type Dir struct{ path string }

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
	return Dir{path}, nil
}

// Key returns the key that stands for all the parts: their SHA-256, in hexadecimal.
func Key(parts ...string) string {
	sum := sha256.New()
	for _, part := range parts {
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// Do returns the content that is kept under kind and key. Where there is none, or it is broken, it calls produce and
// keeps what that returns.
func (d Dir) Do(kind, key string, produce func() ([]byte, error)) ([]byte, error) {
	if d.path == "" {
		return produce()
	}
	file := filepath.Join(d.path, kind, key)
	if content, ok := read(file); ok {
		return content, nil
	}
	content, err := produce()
	if err != nil {
		return nil, err
	}
	if err := write(file, content); err != nil {
		return nil, fmt.Errorf("keep in the cache: %w; name another folder with --cache-dir or $MKIMAGE_CACHE_DIR", err)
	}
	return content, nil
}

// Last returns what was kept under kind and key with [Dir.Replace]. Whether it is still the right content is for the
// caller to find out.
func (d Dir) Last(kind, key string) ([]byte, bool) {
	if d.path == "" {
		return nil, false
	}
	return read(filepath.Join(d.path, kind, key))
}

// Replace keeps content under kind and key, in the place of what was kept there.
func (d Dir) Replace(kind, key string, content []byte) error {
	if d.path == "" {
		return nil
	}
	if err := write(filepath.Join(d.path, kind, key), content); err != nil {
		return fmt.Errorf("keep in the cache: %w; name another folder with --cache-dir or $MKIMAGE_CACHE_DIR", err)
	}
	return nil
}

// read returns the content of an entry, which is the SHA-256 of the content and the content. It marks it as used.
func read(file string) ([]byte, bool) {
	entry, err := os.ReadFile(file)
	if err != nil || len(entry) < sha256.Size {
		return nil, false
	}
	sum, content := entry[:sha256.Size], entry[sha256.Size:]
	if got := sha256.Sum256(content); !bytes.Equal(got[:], sum) {
		return nil, false
	}
	now := time.Now()
	_ = os.Chtimes(file, now, now) // in a folder that is read-only, entries just look older
	return content, true
}

// write writes an entry beside its place and renames it, so that nobody sees half of one.
func write(file string, content []byte) error {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return err
	}
	removeOld(dir)
	part, err := os.CreateTemp(dir, ".part-")
	if err != nil {
		return err
	}
	defer os.Remove(part.Name())
	sum := sha256.Sum256(content)
	_, err = part.Write(sum[:])
	if err == nil {
		_, err = part.Write(content)
	}
	if closed := part.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return err
	}
	return os.Rename(part.Name(), file)
}

// removeOld removes what was not used for maxAge. A cache that cannot be cleaned is still a cache, so errors do not count.
func removeOld(dir string) {
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		if found, err := entry.Info(); err == nil && time.Since(found.ModTime()) > maxAge {
			_ = os.Remove(filepath.Join(dir, entry.Name()))
		}
	}
}
