package apkfs

import (
	"archive/tar"
	"bytes"
	"fmt"
	"slices"
	"strings"
)

// database is the file in which apk and scanners look for installed packages.
const database = "lib/apk/db/installed"

// describe writes the installed packages up to each layer into it, and the release into the lowest. The mirror that the
// packages came from leaves no trace.
func (t *tree) describe(packages []*unpacked) {
	var records bytes.Buffer
	var world []string
	for place, l := range t.world.Layers {
		installed := false
		for _, p := range packages {
			if t.order[p.pin.Layer] != place {
				continue
			}
			records.Write(t.record(p))
			installed = true
		}
		world = append(world, l.Packages...)
		if !installed {
			continue
		}
		slices.Sort(world)
		world = slices.Compact(world)
		t.write(place, database, bytes.Clone(records.Bytes()))
		t.write(place, "etc/apk/world", []byte(strings.Join(world, "\n")+"\n"))
	}
	var lines strings.Builder
	for _, repository := range repositories() {
		fmt.Fprintf(&lines, "%s/%s/%s\n", PublicMirror, t.world.Release, repository)
	}
	t.write(0, "etc/apk/repositories", []byte(lines.String()))
	t.write(0, "etc/apk/arch", []byte(t.world.arch()+"\n"))
	if _, ok := t.read(0, "etc/os-release"); !ok {
		t.write(0, "etc/os-release", []byte(t.osRelease()))
	}
}

// osRelease returns the lines that alpine-release would have, as far as they are known.
func (t *tree) osRelease() string {
	version := strings.TrimPrefix(t.world.Release, "v")
	return fmt.Sprintf("NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=%s\nPRETTY_NAME=\"Alpine Linux v%s\"\nHOME_URL=\"https://alpinelinux.org/\"\n", version, version)
}

// record returns a package's record in the database, with those of its files that are in the image.
func (t *tree) record(p *unpacked) []byte {
	var headers []tar.Header
	for _, file := range p.files {
		e := t.files[file.path]
		if e != nil && (e.owner == p || file.header.Typeflag == tar.TypeDir) {
			header := *file.header
			header.Name = file.path
			headers = append(headers, header)
		}
	}
	return installedRecord(p.about, headers)
}
