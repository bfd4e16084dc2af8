package layout

import (
	"archive/tar"
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	ocilayout "github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// pack writes the files of a folder to an archive. change may give a file another content, or leave it out with nil.
func pack(t *testing.T, dir string, change func(name string, content []byte) []byte) string {
	t.Helper()
	var archive bytes.Buffer
	out := tar.NewWriter(&archive)
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if content = change(name, content); content == nil {
			return nil
		}
		if err := out.WriteHeader(&tar.Header{Name: "./" + name, Mode: 0o644, Size: int64(len(content))}); err != nil {
			return err
		}
		_, err = out.Write(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "image.tar")
	if err := os.WriteFile(file, archive.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestArchive holds that a layout in an archive reads as the layout itself, and that the error names a broken archive.
func TestArchive(t *testing.T) {
	dir := t.TempDir()
	index := sample(t, "linux/amd64", "linux/s390x")
	path, err := ocilayout.Write(dir, index)
	if err != nil {
		t.Fatal(err)
	}
	whole, err := Archive(pack(t, dir, func(_ string, content []byte) []byte { return content }))
	if err != nil {
		t.Fatal(err)
	}
	if got, want := digestOf(t, whole), digestOf(t, index); got != want {
		t.Errorf("the archive has %s, want %s", got, want)
	}
	if err := validate.Index(whole); err != nil {
		t.Error(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	first := filepath.ToSlash(filepath.Join("blobs/sha256", manifest.Manifests[0].Digest.Hex))
	for name, test := range map[string]struct {
		change func(name string, content []byte) []byte
		want   string
	}{
		"no index":    {func(name string, content []byte) []byte { return unless(name == "index.json", content) }, "it has no index.json"},
		"no layout":   {func(name string, content []byte) []byte { return unless(name == "oci-layout", content) }, "neither a manifest.json"},
		"no manifest": {func(name string, content []byte) []byte { return unless(name == first, content) }, "it has no blobs/sha256/"},
		"another manifest": {func(name string, content []byte) []byte {
			return bytes.ReplaceAll(content, []byte("config"), []byte("confix"))
		}, "has the digest"},
		"no JSON": {func(name string, content []byte) []byte {
			if name == "index.json" {
				return []byte("{")
			}
			return content
		}, "not JSON of the right form"},
	} {
		t.Run(name, func(t *testing.T) {
			index, err := Archive(pack(t, string(path), test.change))
			if err == nil {
				_, err = Platforms(index)
			}
			if err == nil {
				err = validate.Index(index)
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func unless(gone bool, content []byte) []byte {
	if gone {
		return nil
	}
	return content
}

func digestOf(t *testing.T, index v1.ImageIndex) v1.Hash {
	t.Helper()
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

func FuzzArchive(f *testing.F) {
	var archive bytes.Buffer
	out := tar.NewWriter(&archive)
	for name, content := range map[string]string{"oci-layout": `{"imageLayoutVersion":"1.0.0"}`, "index.json": `{"manifests":[{"digest":"sha256:00"}]}`} {
		if err := out.WriteHeader(&tar.Header{Name: name, Size: int64(len(content))}); err != nil {
			f.Fatal(err)
		}
		if _, err := out.Write([]byte(content)); err != nil {
			f.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		f.Fatal(err)
	}
	f.Add(archive.Bytes())
	f.Fuzz(func(t *testing.T, text []byte) {
		file := filepath.Join(t.TempDir(), "image.tar")
		if err := os.WriteFile(file, text, 0o644); err != nil {
			t.Fatal(err)
		}
		if index, err := Archive(file); err == nil {
			_, _ = Platforms(index) // it may say that it is broken, and nothing else
		}
	})
}
