package images

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/mistake"
)

// lockSchema is the version of the lock's format.
const lockSchema = 1

// Lock pins every Alpine package of an image: the file NAME.lock.json beside the definition.
type Lock struct {
	Schema    int                `json:"schema"`
	Release   string             `json:"release"`   // such as v3.22
	Layers    []Wanted           `json:"layers"`    // the request; a lock fits no other
	Platforms map[Platform][]Pin `json:"platforms"` // sorted by layer and name

	// Text is the file of [ReadLock].
	Text []byte `json:"-"`
}

// Wanted lists the packages that a layer asks for.
type Wanted struct {
	Name     string   `json:"name"`     // such as base or stemcell-bash
	Packages []string `json:"packages"` // as apk add takes them
}

// Pin is one package, found.
type Pin struct {
	Name       string `json:"name"`
	Version    string `json:"version"`
	Layer      string `json:"layer"`
	Repository string `json:"repository"` // main or community
	Size       int64  `json:"size"`       // of the package, in bytes
	Checksum   string `json:"checksum"`   // Q1…, of the control part, as in the repository's index
	SHA256     string `json:"sha256"`     // of the package, in hexadecimal; "" until it was fetched
	Signer     string `json:"signer"`     // the key that the index was signed with

	// Order is the place in apk's order of installation, from 1, where versions that are not installed have changed it;
	// of all packages or of none.
	Order int `json:"order,omitempty"`
}

func (p Pin) String() string { return p.Name + "-" + p.Version }

// LockFile returns where the definition's lock is, or would be.
func (d Definition) LockFile() string { return strings.TrimSuffix(d.File, ".yaml") + ".lock.json" }

// ReadLock reads a lock strictly. The error is [fs.ErrNotExist] where there is none.
func ReadLock(path string) (Lock, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return Lock{}, fmt.Errorf("read the lock %s: %w", path, fs.ErrNotExist)
	}
	if err != nil {
		return Lock{}, fmt.Errorf("read the lock: %w", err)
	}
	lock, err := ParseLock(text)
	if err != nil {
		var newer *NewerLockError
		if errors.As(err, &newer) {
			return Lock{}, fmt.Errorf("read the lock %s: %w", path, err)
		}
		return Lock{}, fmt.Errorf("read the lock %s: %w; make it anew with mkimage lock", path, err)
	}
	lock.Text = text
	return lock, nil
}

// NewerLockError is the error for a lock that a later mkimage has written.
type NewerLockError struct{ schema int }

func (e *NewerLockError) Error() string {
	return fmt.Sprintf("it is from a newer mkimage (schema %d, and this one reads %d): take that one, or a lock that this one has made", e.schema, lockSchema)
}

// ParseLock reads the bytes of a lock.
func ParseLock(text []byte) (Lock, error) {
	var head struct {
		Schema int `json:"schema"`
	}
	if json.Unmarshal(text, &head) == nil && head.Schema > lockSchema { // it may have keys that are not known here
		return Lock{}, &NewerLockError{head.Schema}
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.DisallowUnknownFields()
	var lock Lock
	if err := mistake.JSON(text, decoder.Decode(&lock)); err != nil {
		return Lock{}, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return Lock{}, fmt.Errorf("something follows the lock")
	}
	if lock.Schema != lockSchema {
		return Lock{}, fmt.Errorf("schema %d is not one that this mkimage reads (%d)", lock.Schema, lockSchema)
	}
	if !Matches(releasePattern, lock.Release) {
		return Lock{}, fmt.Errorf("%q is not an Alpine release", lock.Release)
	}
	for platform, pins := range lock.Platforms {
		if problem, _ := platform.check(); problem != "" {
			return Lock{}, errors.New(problem)
		}
		for _, pin := range pins {
			if err := pin.check(); err != nil {
				return Lock{}, fmt.Errorf("package %q for %s: %w", pin.Name, platform, err)
			}
		}
	}
	return lock, nil
}

// check refuses values that would lead out of the repository.
func (p Pin) check() error {
	switch {
	case !Matches(`^[a-zA-Z0-9_][a-zA-Z0-9+._-]*$`, p.Name):
		return errors.New("not the name of a package")
	case !Matches(`^[a-z0-9][a-z0-9._~-]*$`, p.Version):
		return fmt.Errorf("%q is not a version", p.Version)
	case p.Repository != "main" && p.Repository != "community":
		return fmt.Errorf("%q is not a repository", p.Repository)
	case !Matches(`^Q1[A-Za-z0-9+/]{27}=$`, p.Checksum):
		return fmt.Errorf("%q is not a checksum", p.Checksum)
	case !Matches(`^[0-9a-f]{64}$`, p.SHA256):
		return fmt.Errorf("%q is not a SHA-256", p.SHA256)
	case p.Size <= 0:
		return fmt.Errorf("a size of %d bytes", p.Size)
	}
	return nil
}

// Marshal returns the lock as its file holds it: the same bytes for the same pins.
func (l Lock) Marshal() ([]byte, error) {
	l.Schema = lockSchema
	text, err := json.MarshalIndent(l, "", "  ")
	return append(text, '\n'), err
}

// Fits returns why the lock does not fit a release, the wanted packages and a platform, or nil if it fits.
func (l Lock) Fits(release string, wanted []Wanted, platform Platform) error {
	if l.Release != release {
		return fmt.Errorf("it is for Alpine %s, the build is for %s", l.Release, release)
	}
	for _, layer := range wanted {
		at := slices.IndexFunc(l.Layers, func(w Wanted) bool { return w.Name == layer.Name })
		if at < 0 {
			return fmt.Errorf("it has no layer %s", layer.Name)
		}
		if locked := l.Layers[at]; !slices.Equal(locked.Packages, layer.Packages) {
			return fmt.Errorf("layer %s wants %s, the lock is for %s", layer.Name, strings.Join(layer.Packages, " "), strings.Join(locked.Packages, " "))
		}
	}
	if len(l.Layers) != len(wanted) {
		return fmt.Errorf("it has %d layers, the definition %d", len(l.Layers), len(wanted))
	}
	if _, ok := l.Platforms[platform]; !ok {
		return fmt.Errorf("it has no packages for %s", platform)
	}
	return nil
}

// Changes returns a line for each package that differs from the former lock, such as "bash 5.2.26-r0 -> 5.2.37-r0
// (linux/amd64)".
func (l Lock) Changes(former Lock) []string {
	var lines []string
	for _, platform := range Platforms() {
		before, after := byName(former.Platforms[platform]), byName(l.Platforms[platform])
		for name := range merged(before, after) {
			switch was, is := before[name], after[name]; {
			case was.Checksum == is.Checksum && was.Version == is.Version:
			case was.Name == "":
				lines = append(lines, fmt.Sprintf("%s %s is new (%s)", name, is.Version, platform))
			case is.Name == "":
				lines = append(lines, fmt.Sprintf("%s %s is gone (%s)", name, was.Version, platform))
			default:
				lines = append(lines, fmt.Sprintf("%s %s -> %s (%s)", name, was.Version, is.Version, platform))
			}
		}
	}
	slices.Sort(lines)
	return lines
}

func byName(pins []Pin) map[string]Pin {
	named := map[string]Pin{}
	for _, pin := range pins {
		named[pin.Name] = pin
	}
	return named
}

func merged(a, b map[string]Pin) map[string]bool {
	names := map[string]bool{}
	for name := range a {
		names[name] = true
	}
	for name := range b {
		names[name] = true
	}
	return names
}

// SortPins puts pins into the order of the layers, by name in each.
func SortPins(pins []Pin, layers []Wanted) {
	order := map[string]int{}
	for i, layer := range layers {
		order[layer.Name] = i
	}
	slices.SortFunc(pins, func(a, b Pin) int {
		return cmp.Or(cmp.Compare(order[a.Layer], order[b.Layer]), strings.Compare(a.Name, b.Name))
	})
}
