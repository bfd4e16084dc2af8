package apkfs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs/solver"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/patient"
)

// PublicSecDB is where Alpine says which versions of packages have mended vulnerabilities
// (https://security.alpinelinux.org).
const PublicSecDB = "https://secdb.alpinelinux.org"

// maxSecDB is the size of the largest list that is read, in bytes; main of v3.22 has 0.5 MB.
const maxSecDB = 64 << 20

// SecDB has the vulnerabilities that a release of Alpine has mended.
type SecDB struct {
	where  mirror
	file   string // a single list, or ""
	loaded map[string]fixes
}

// fixes are the mended vulnerabilities of a repository: by source package, then by the version that mended them.
type fixes map[string]map[string][]string

// Fix is a version that mends vulnerabilities.
type Fix struct {
	Version         string   `json:"version"`
	Vulnerabilities []string `json:"vulnerabilities"` // such as CVE-2026-1234
}

// OpenSecDB opens the lists below a URL or in a folder, RELEASE/main.json and RELEASE/community.json, or one list in a file.
func OpenSecDB(where string) (*SecDB, error) {
	db := &SecDB{loaded: map[string]fixes{}}
	if info, err := os.Stat(where); err == nil && info.Mode().IsRegular() {
		db.file = where
		return db, nil
	}
	var err error
	if db.where, err = newMirror(where); err != nil {
		return nil, fmt.Errorf("the list of vulnerabilities %s is neither a file, a folder nor a URL (%s)", where, PublicSecDB)
	}
	return db, nil
}

// Fixes returns the later versions of a source package that mend vulnerabilities which a version has, the earliest first.
func (db *SecDB) Fixes(ctx context.Context, release, repository, origin, version string) ([]Fix, error) {
	known, err := db.list(ctx, release, repository)
	if err != nil {
		return nil, err
	}
	var later []Fix
	for fixed, names := range known[origin] {
		if solver.Valid(fixed) && solver.Newer(fixed, version) {
			later = append(later, Fix{fixed, names})
		}
	}
	slices.SortFunc(later, func(a, b Fix) int {
		switch {
		case solver.Newer(b.Version, a.Version):
			return -1
		case solver.Newer(a.Version, b.Version):
			return 1
		}
		return strings.Compare(a.Version, b.Version)
	})
	return later, nil
}

func (db *SecDB) list(ctx context.Context, release, repository string) (fixes, error) {
	name := release + "/" + repository + ".json"
	if known, ok := db.loaded[name]; ok {
		return known, nil
	}
	shown, text, err := db.read(ctx, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("there is no list of vulnerabilities %s", shown)
	}
	if err != nil {
		return nil, err
	}
	about, err := readSecDB(text)
	if err != nil {
		return nil, fmt.Errorf("%s is no list of Alpine's vulnerabilities: %w", shown, err)
	}
	if about.Release != release {
		return nil, fmt.Errorf("%s is about Alpine %s, and the lock about %s", shown, about.Release, release)
	}
	if about.Repository != repository { // a single file
		db.loaded[name] = nil
		return nil, nil
	}
	db.loaded[name] = about.fixes()
	return db.loaded[name], nil
}

func (db *SecDB) read(ctx context.Context, name string) (shown string, text []byte, err error) {
	if db.file == "" {
		text, err = db.where.get(ctx, name, maxSecDB)
		return db.where.full(name), text, err
	}
	text, err = patient.ReadFile(db.file, maxSecDB)
	return db.file, text, err
}

// secDB is a list as its file has it (https://secdb.alpinelinux.org).
type secDB struct {
	Release    string `json:"distroversion"`
	Repository string `json:"reponame"`
	Packages   []struct {
		Package struct {
			Name  string              `json:"name"`
			Fixes map[string][]string `json:"secfixes"`
		} `json:"pkg"`
	} `json:"packages"`
}

// readSecDB reads the bytes of a list.
func readSecDB(text []byte) (secDB, error) {
	var read secDB
	if err := json.Unmarshal(text, &read); err != nil {
		return secDB{}, errors.New("it is not JSON of the right form")
	}
	if read.Release == "" || read.Repository == "" {
		return secDB{}, errors.New("it names no release (distroversion) or no repository (reponame)")
	}
	return read, nil
}

// fixes returns the vulnerabilities by package and version. An entry may name several, as "CVE-2026-1 GHSA-x"; those of
// version 0 are of other systems.
func (d secDB) fixes() fixes {
	all := fixes{}
	for _, one := range d.Packages {
		p := one.Package
		for version, names := range p.Fixes {
			if version == "0" {
				continue
			}
			if all[p.Name] == nil {
				all[p.Name] = map[string][]string{}
			}
			for _, name := range names {
				all[p.Name][version] = append(all[p.Name][version], strings.Fields(name)...)
			}
		}
	}
	return all
}
