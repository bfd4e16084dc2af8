package main

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// file is an entry of an archive.
type file struct {
	name    string
	mode    int64
	content []byte
}

func sortFiles(files []file) {
	slices.SortFunc(files, func(a, b file) int { return strings.Compare(a.name, b.name) })
}

// writeArchive writes mkimage_VERSION_OS_ARCH.tar.gz, or .zip for Windows, and returns its name.
func (r *release) writeArchive(t target, program []byte) (string, error) {
	base := "mkimage_" + r.number() + "_" + t.os + "_" + t.arch
	files := slices.Clone(r.extra)
	name, write, binary := base+".tar.gz", writeTar, "mkimage"
	if t.os == "windows" {
		name, write, binary = base+".zip", writeZip, "mkimage.exe"
	}
	files = append(files, file{name: binary, mode: 0o755, content: program})
	sortFiles(files)
	content, err := write(files, r.time)
	if err != nil {
		return "", err
	}
	return name, r.write(name, content)
}

// write writes a file of the release.
func (r *release) write(name string, content []byte) error {
	if err := os.MkdirAll(r.output, 0o777); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(r.output, name), content, 0o666)
}

func writeTar(files []file, at time.Time) ([]byte, error) {
	var packed bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	archive := tar.NewWriter(zipped)
	for _, f := range files {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: f.name, Mode: f.mode, Size: int64(len(f.content)), ModTime: at, Format: tar.FormatUSTAR}
		if err := archive.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := archive.Write(f.content); err != nil {
			return nil, err
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	err = zipped.Close()
	return packed.Bytes(), err
}

func writeZip(files []file, at time.Time) ([]byte, error) {
	var packed bytes.Buffer
	archive := zip.NewWriter(&packed)
	for _, f := range files {
		header := &zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: at}
		header.SetMode(os.FileMode(f.mode))
		entry, err := archive.CreateHeader(header)
		if err != nil {
			return nil, err
		}
		if _, err := entry.Write(f.content); err != nil {
			return nil, err
		}
	}
	err := archive.Close()
	return packed.Bytes(), err
}
