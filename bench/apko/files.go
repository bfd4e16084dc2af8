package main

import (
	"archive/tar"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/partial"
)

// image is what an image has in its layers.
type image struct {
	files      map[string]file // by path, without a slash at either end
	homes      []string        // folders that etc/passwd names, without a slash in front
	compressed int64           // bytes of its layers
}

// file is what is compared of a file.
type file struct {
	kind     byte
	mode     int64
	uid, gid int
	link     string // target, without a slash in front
	size     int64
	sha256   [sha256.Size]byte
}

func (f file) String() string {
	text := fmt.Sprintf("%s %04o %d:%d", map[byte]string{tar.TypeReg: "file", tar.TypeDir: "folder", tar.TypeSymlink: "link", tar.TypeLink: "hard link", tar.TypeChar: "device"}[f.kind], f.mode, f.uid, f.gid)
	switch {
	case f.link != "":
		return text + " -> " + f.link
	case f.kind == tar.TypeReg:
		return fmt.Sprintf("%s %d bytes", text, f.size)
	}
	return text
}

// readLayout reads the one image of an OCI layout, without the layer of a proxy.
func readLayout(dir string) (image, error) {
	index, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return image{}, fmt.Errorf("read %s: %w", dir, err)
	}
	found, err := images(index)
	if err != nil || len(found) != 1 {
		return image{}, fmt.Errorf("read %s: %d images: %w", dir, len(found), err)
	}
	config, err := found[0].ConfigFile()
	if err != nil {
		return image{}, err
	}
	layers, err := found[0].Layers()
	if err != nil {
		return image{}, err
	}
	if last := config.History[len(config.History)-1]; strings.HasSuffix(last.CreatedBy, " proxy") {
		layers = layers[:len(layers)-1]
	}
	read := image{files: map[string]file{}}
	for _, layer := range layers {
		size, err := layer.Size()
		if err != nil {
			return image{}, err
		}
		read.compressed += size
		if err := read.add(layer); err != nil {
			return image{}, fmt.Errorf("read %s: %w", dir, err)
		}
	}
	return read, nil
}

// images returns the images of an index and of those in it.
func images(index v1.ImageIndex) ([]v1.Image, error) {
	all := func(v1.Descriptor) bool { return true }
	found, err := partial.FindImages(index, all)
	if err != nil {
		return nil, err
	}
	nested, err := partial.FindIndexes(index, all)
	for _, inner := range nested {
		more, innerErr := partial.FindImages(inner, all)
		found, err = append(found, more...), errors.Join(err, innerErr)
	}
	return found, err
}

func (i *image) add(layer v1.Layer) error {
	content, err := layer.Uncompressed()
	if err != nil {
		return err
	}
	defer content.Close()
	for archive := tar.NewReader(content); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		text, err := io.ReadAll(archive)
		if err != nil {
			return err
		}
		name := path.Clean(strings.Trim(header.Name, "/"))
		if name == "etc/passwd" {
			i.homes = homes(string(text))
		}
		i.files[name] = file{
			kind: header.Typeflag, mode: header.Mode & 0o7777, uid: header.Uid, gid: header.Gid,
			link: strings.TrimPrefix(header.Linkname, "/"), size: header.Size, sha256: sha256.Sum256(text),
		}
	}
}

// homes returns the folders that accounts have.
func homes(passwd string) []string {
	var folders []string
	for line := range strings.Lines(passwd) {
		if fields := strings.Split(line, ":"); len(fields) > 5 {
			folders = append(folders, strings.Trim(fields[5], "/"))
		}
	}
	return folders
}
