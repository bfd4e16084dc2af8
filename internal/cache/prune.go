package cache

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/atomicfile"
)

const (
	lockFile = ".lock"   // whoever uses the cache holds it with others, whoever prunes it alone
	recently = time.Hour // a build that runs beside a prune may need entries that were used since
)

// Usage is the number and the size of the entries of a kind.
type Usage struct {
	Kind    string `json:"kind"`
	Entries int    `json:"entries"`
	Bytes   int64  `json:"bytes"`
}

// Path returns the folder, or "".
func (d Dir) Path() string { return d.path }

// Hold marks the cache as used until the process ends, so that nobody removes its entries. An error does not matter: in
// a folder that cannot be written, nobody prunes either.
func (d Dir) Hold() Dir {
	if d.path == "" || d.held != nil {
		return d
	}
	if err := os.MkdirAll(d.path, 0o777); err != nil {
		return d
	}
	f, err := os.OpenFile(filepath.Join(d.path, lockFile), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return d
	}
	flock(f, false)
	d.held = f
	return d
}

// Usage returns the usage of each kind, sorted.
func (d Dir) Usage() ([]Usage, error) { return d.walk(func(string, fs.FileInfo) bool { return true }) }

// Pruned is the result of [Dir.Prune].
type Pruned struct {
	Removed, Kept []Usage
	Busy          bool // a process uses the cache, so entries that were used within the last hour stay
}

// Prune removes the entries that were not used for a time, or all of them for 0.
func (d Dir) Prune(unused time.Duration) (Pruned, error) {
	var pruned Pruned
	if _, err := os.Stat(d.path); errors.Is(err, fs.ErrNotExist) {
		return pruned, nil
	}
	f, err := os.OpenFile(filepath.Join(d.path, lockFile), os.O_CREATE|os.O_RDWR, 0o666)
	if err != nil {
		return pruned, fmt.Errorf("prune the cache: %w", err)
	}
	defer f.Close()
	if pruned.Busy = !flock(f, true); pruned.Busy {
		unused = max(unused, recently)
	}
	before := time.Now().Add(-unused)
	pruned.Removed, err = d.walk(func(path string, entry fs.FileInfo) bool {
		return (unused == 0 || entry.ModTime().Before(before)) && os.Remove(path) == nil
	})
	if err != nil {
		return pruned, err
	}
	kinds, _ := os.ReadDir(d.path) // walk has read it
	for _, kind := range kinds {
		atomicfile.Sweep(filepath.Join(d.path, kind.Name()))
	}
	pruned.Kept, err = d.Usage()
	return pruned, err
}

// walk calls counts for every entry, and returns the usage of each kind by the entries that it counted.
func (d Dir) walk(counts func(path string, entry fs.FileInfo) bool) ([]Usage, error) {
	kinds, err := os.ReadDir(d.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look at the cache: %w", err)
	}
	var all []Usage
	for _, kind := range kinds {
		if !kind.IsDir() {
			continue
		}
		usage := Usage{Kind: kind.Name()}
		err := filepath.WalkDir(filepath.Join(d.path, kind.Name()), func(path string, entry fs.DirEntry, err error) error {
			if errors.Is(err, fs.ErrNotExist) {
				return nil // another process has removed it
			}
			if err != nil || entry.IsDir() || strings.HasPrefix(entry.Name(), ".") {
				return err
			}
			found, err := entry.Info()
			if err == nil && counts(path, found) {
				usage.Entries++
				usage.Bytes += found.Size()
			}
			return nil
		})
		if err != nil {
			return nil, fmt.Errorf("look at the cache: %w", err)
		}
		if usage.Entries > 0 {
			all = append(all, usage)
		}
	}
	return all, nil
}
