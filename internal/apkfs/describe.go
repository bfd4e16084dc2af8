package apkfs

import (
	"archive/tar"
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"chainguard.dev/apko/pkg/apk/apk"
	apkofs "chainguard.dev/apko/pkg/apk/fs"
)

// database is where apk, and scanners, look for what is installed.
const database = "lib/apk/db/installed"

// describe writes into every layer what is installed up to it, and into the lowest what the system is. Nothing of
// the mirror that the packages came from is there.
func (t *tree) describe(ctx context.Context, parcels []*parcel) error {
	var records bytes.Buffer
	var world []string
	for place, l := range t.world.Layers {
		installed := false
		for _, p := range parcels {
			if t.order[p.pin.Layer] != place {
				continue
			}
			record, err := t.record(ctx, p)
			if err != nil {
				return fmt.Errorf("install %s: %w", p.pin, err)
			}
			records.Write(record)
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
	return nil
}

// osRelease is what alpine-release would have, as far as it is known.
func (t *tree) osRelease() string {
	version := strings.TrimPrefix(t.world.Release, "v")
	return fmt.Sprintf("NAME=\"Alpine Linux\"\nID=alpine\nVERSION_ID=%s\nPRETTY_NAME=\"Alpine Linux v%s\"\nHOME_URL=\"https://alpinelinux.org/\"\n", version, version)
}

// record returns what the database says of a package: itself, and those of its files that are in the image.
func (t *tree) record(ctx context.Context, p *parcel) ([]byte, error) {
	files := apkofs.NewMemFS()
	if err := files.MkdirAll("usr/lib/apk/db", 0o755); err != nil {
		return nil, err
	}
	writer, err := apk.New(silent(ctx), apk.WithFS(files), apk.WithArch(t.world.arch()))
	if err != nil {
		return nil, err
	}
	var headers []tar.Header
	for _, file := range p.files {
		e := t.files[file.path]
		if e != nil && (e.owner == p || file.header.Typeflag == tar.TypeDir) {
			header := *file.header
			header.Name = file.path
			headers = append(headers, header)
		}
	}
	record, err := writer.AddInstalledPackage(p.about, headers)
	return tidy(record), err
}

// tidy removes what apko writes for fields that a package does not have, and the brackets around install_if.
func tidy(record []byte) []byte {
	var kept bytes.Buffer
	for line := range bytes.Lines(record) {
		switch field := strings.TrimSuffix(string(line), "\n"); {
		case field == "i:[]", field == "k:0", len(field) == 2 && strings.Contains("L:T:o:m:U:D:p:c:", field):
		case strings.HasPrefix(field, "i:["):
			kept.WriteString("i:" + strings.TrimSuffix(field[3:], "]") + "\n")
		default:
			kept.Write(line)
		}
	}
	return kept.Bytes()
}
