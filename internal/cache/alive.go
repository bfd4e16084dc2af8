package cache

import (
	"crypto/rand"
	"os"
	"path/filepath"
	"strings"
)

// aliveFolder has a file for each process that keeps something outside of the cache. The process holds a lock of it, which
// ends with the process, however that ends.
const aliveFolder = "alive"

// aliveName returns the name of an owner's file. It begins with a dot, since it is no entry.
func aliveName(owner string) string { return "." + owner }

// Alive returns a new name under which this process can own things at a place, until release is called. Where the process
// is killed before, Killed returns that name. It is "" where nothing can be kept.
func (d Dir) Alive(place string) (owner string, release func()) {
	dir, owner := d.Folder(aliveFolder), strings.ToLower(rand.Text()[:12])
	if dir == "" || os.MkdirAll(dir, 0o777) != nil {
		return "", func() {}
	}
	name := filepath.Join(dir, aliveName(owner))
	file, err := os.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return "", func() {}
	}
	release = func() {
		err := os.Remove(name)
		_ = file.Close() // and with it the lock
		if err != nil {  // Windows removes nothing that is open
			_ = os.Remove(name)
		}
	}
	locked := flock(file, true)
	if _, err = file.WriteString(place); err != nil || !locked { // not before it is locked: without a place, it is of nobody
		release()
		return "", func() {}
	}
	return owner, release
}

// Killed returns the owners at a place that ended without a release.
func (d Dir) Killed(place string) (owners []string) {
	dir := d.Folder(aliveFolder)
	if dir == "" {
		return nil
	}
	entries, _ := os.ReadDir(dir) // without it there are none
	for _, entry := range entries {
		owner, hidden := strings.CutPrefix(entry.Name(), ".")
		if hidden && d.isKilled(owner, place) {
			owners = append(owners, owner)
		}
	}
	return owners
}

func (d Dir) isKilled(owner, place string) bool {
	file, err := os.OpenFile(filepath.Join(d.Folder(aliveFolder), aliveName(owner)), os.O_RDWR, 0)
	if err != nil {
		return false
	}
	defer file.Close()
	said := make([]byte, len(place)+1)
	n, _ := file.Read(said)
	return string(said[:n]) == place && flock(file, true)
}

// Forget says that nothing is left of a killed owner.
func (d Dir) Forget(owner string) {
	_ = os.Remove(filepath.Join(d.Folder(aliveFolder), aliveName(owner))) // else it is looked for once more
}
