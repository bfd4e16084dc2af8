package apkfs

import (
	"archive/tar"
	"bufio"
	"bytes"
	"errors"
	"fmt"

	"chainguard.dev/apko/pkg/apk/apk"
)

// Installed is a package in apk's database of installed packages (https://wiki.alpinelinux.org/wiki/Apk_spec).
type Installed struct {
	Name, Version, Arch, Description, URL, License string
	Origin, Commit                                 string   // the source package, and the commit of its recipe
	Checksum                                       []byte   // the SHA-1 of the package's control part; nil if unknown
	Depends, Provides                              []string // as apk writes them: busybox>=1.36, so:libc.musl-x86_64.so.1=1
	Files                                          []string // paths without a leading slash
}

// ReadInstalled reads the content of lib/apk/db/installed.
func ReadInstalled(text []byte) ([]Installed, error) {
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if len(line) >= bufio.MaxScanTokenSize {
			return nil, fmt.Errorf("line %d has %d bytes, and at most %d are read", number, len(line), bufio.MaxScanTokenSize)
		}
	}
	// The parser ends a record at the empty line after it.
	packages, err := apk.ParseInstalled(bytes.NewReader(append(bytes.Clone(text), "\n\n"...)))
	if err != nil {
		return nil, err
	}
	var all []Installed
	for _, p := range packages {
		if p.Version == "" {
			return nil, errors.New("package " + p.Name + " has no version")
		}
		one := Installed{
			Name: p.Name, Version: p.Version, Arch: p.Arch, Description: p.Description, URL: p.URL, License: p.License,
			Origin: p.Origin, Commit: p.RepoCommit, Checksum: p.Checksum, Depends: p.Dependencies, Provides: p.Provides,
		}
		for _, file := range p.Files {
			if file.Typeflag != tar.TypeDir {
				one.Files = append(one.Files, file.Name)
			}
		}
		all = append(all, one)
	}
	return all, nil
}
