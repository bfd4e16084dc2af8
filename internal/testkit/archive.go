package testkit

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"testing"
)

// A File is an entry of an archive. A name that ends in / is a folder.
type File struct {
	Name, Content string
	Mode          fs.FileMode // 0 sets none
}

// Zip returns a zip archive.
func Zip(t testing.TB, files ...File) string {
	t.Helper()
	return archive(t, zip.Deflate, files)
}

// ZipStored returns a zip archive whose files are not compressed.
func ZipStored(t testing.TB, files ...File) string {
	t.Helper()
	return archive(t, zip.Store, files)
}

func archive(t testing.TB, method uint16, files []File) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.Name, Method: method}
		if f.Mode != 0 {
			h.SetMode(f.Mode)
		}
		entry, err := w.CreateHeader(h)
		if err == nil {
			_, err = io.WriteString(entry, f.Content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Tar returns a gzipped tar archive. Linkname holds the content of a file.
func Tar(t testing.TB, entries ...tar.Header) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write(Layer(t, entries...))
	if err := errors.Join(err, z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// Layer returns a tar archive that is not compressed. Linkname holds the content of a file.
func Layer(t testing.TB, entries ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range entries {
		content := ""
		if h.Typeflag == tar.TypeReg {
			content, h.Linkname, h.Size = h.Linkname, "", int64(len(h.Linkname))
		}
		err := w.WriteHeader(&h)
		if err == nil {
			_, err = io.WriteString(w, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}
