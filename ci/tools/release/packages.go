package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/apk"
	_ "github.com/goreleaser/nfpm/v2/deb"
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm"
)

const homepage = "https://github.com/sciabarracom/openwhisk-runtime-go"

// place returns where packages have a file of an archive.
func place(name string) string {
	switch dir, base := filepath.Split(name); {
	case dir == "man/":
		return "/usr/share/man/man1/" + base
	case name == "completions/mkimage.bash":
		return "/usr/share/bash-completion/completions/mkimage"
	case name == "completions/_mkimage":
		return "/usr/share/zsh/site-functions/_mkimage"
	case name == "completions/mkimage.fish":
		return "/usr/share/fish/vendor_completions.d/mkimage.fish"
	}
	return "/usr/share/doc/mkimage/" + name
}

// writePackages writes a deb, an rpm and an apk, and returns their names.
func (r *release) writePackages(t target, program []byte) ([]string, error) {
	work, err := os.MkdirTemp("", "release-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	var contents files.Contents
	for i, f := range append([]file{{name: "mkimage", mode: 0o755, content: program}}, r.extra...) {
		source := filepath.Join(work, fmt.Sprint(i))
		if err := os.WriteFile(source, f.content, 0o600); err != nil {
			return nil, err
		}
		destination := place(f.name)
		if f.name == "mkimage" {
			destination = "/usr/bin/mkimage"
		}
		contents = append(contents, &files.Content{
			Source: source, Destination: destination,
			FileInfo: &files.ContentFileInfo{Owner: "root", Group: "root", Mode: os.FileMode(f.mode), MTime: r.time},
		})
	}
	var made []string
	for _, format := range []string{"deb", "rpm", "apk"} {
		info := nfpm.WithDefaults(&nfpm.Info{
			Name: "mkimage", Arch: t.arch, Platform: "linux", Version: r.number(), Release: "1",
			Maintainer:  "The mkimage authors <" + strings.TrimPrefix(homepage, "https://") + ">",
			Description: "Builds minimal container images for OpenWhisk actions", Homepage: homepage, License: "Apache-2.0",
			MTime: r.time, Overridables: nfpm.Overridables{Contents: contents, RPM: nfpm.RPM{BuildHost: "localhost"}},
		})
		packager, err := nfpm.Get(format)
		if err != nil {
			return nil, err
		}
		var content bytes.Buffer
		if err := packager.Package(info, &content); err != nil {
			return nil, fmt.Errorf("%s: %w", format, err)
		}
		name := "mkimage_" + r.number() + "_linux_" + t.arch + "." + format
		if err := r.write(name, content.Bytes()); err != nil {
			return nil, err
		}
		made = append(made, name)
	}
	return made, nil
}
