package apkfs

import (
	"archive/tar"
	"bytes"
	"slices"
	"strings"
	"testing"

	"chainguard.dev/apko/pkg/apk/types"
	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
)

// A package of Alpine's community provides so much that the line has 72 kB.
func TestLongField(t *testing.T) {
	records, err := readRecords([]byte("P:a\nV:1\nD:" + strings.Repeat("x ", 400_000) + "\n\n\nP:b\nV:1\n"))
	if err != nil || len(records) != 2 || len(records[0].Dependencies) != 400_000 {
		t.Errorf("%d records, %v", len(records), err)
	}
}

// Files come before the folders beside them, folders are in the order of their parts, and a folder that the package
// forgot is there.
func TestInstalledRecord(t *testing.T) {
	about := &types.Package{
		Name: "a", Version: "1", Description: "two\nlines", InstallIf: []string{"b", "c"}, Checksum: []byte("sum"),
	}
	sum := map[string]string{"APK-TOOLS.checksum.SHA1": "737562"}
	files := []tar.Header{
		{Typeflag: tar.TypeReg, Name: "usr/z", Mode: 0o644, PAXRecords: sum},
		{Typeflag: tar.TypeDir, Name: "usr/lib-x", Mode: 0o700, Uid: 1},
		{Typeflag: tar.TypeReg, Name: "usr/lib/b", Mode: 0o4755},
		{Typeflag: tar.TypeSymlink, Name: "usr/lib/a", Mode: 0o777},
		{Typeflag: tar.TypeDir, Name: "usr", Mode: 0o755},
		{Typeflag: tar.TypeReg, Name: "top", Mode: 0o644},
	}
	want := "P:a\nV:1\nT:two lines\ni:b c\nt:0\nS:0\nI:0\nC:Q1c3Vt\n" +
		"F:\nR:top\nF:usr\nR:z\nZ:Q1c3Vi\nF:usr/lib\nR:a\na:0:0:0777\nR:b\na:0:0:4755\nF:usr/lib-x\nM:1:0:0700\n\n"
	got := installedRecord(about, files)
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
	records, err := readRecords(got)
	if err != nil || len(records) != 1 {
		t.Fatalf("%d records, %v", len(records), err)
	}
	if want := []string{"top", "usr/z", "usr/lib/a", "usr/lib/b"}; !slices.Equal(records[0].files, want) {
		t.Errorf("files %q", records[0].files)
	}
}

// Nobody has signed the stream of the signatures, so a list in it counts for nothing.
func TestUnsignedList(t *testing.T) {
	mirror := newWritten(t)
	path := mirror.Path(release, "main", "x86_64", indexFile)
	raw := readFile(t, path)
	content, err := signed(raw)
	if err != nil {
		t.Fatal(err)
	}
	all, err := signatures(raw)
	if err != nil || len(all) != 1 {
		t.Fatalf("%d signatures, %v", len(all), err)
	}
	var stream bytes.Buffer
	zipped := gzip.NewWriter(&stream)
	archive := tar.NewWriter(zipped)
	for _, file := range []struct{ name, text string }{
		{".SIGN.RSA256." + all[0].name, string(all[0].bytes)}, {"APKINDEX", "P:bash\nV:9-r0\nS:1\nC:Q1c3Vt\n\n"},
	} {
		if err := archive.WriteHeader(&tar.Header{Name: file.name, Mode: 0o644, Size: int64(len(file.text))}); err != nil {
			t.Fatal(err)
		}
		if _, err := archive.Write([]byte(file.text)); err != nil {
			t.Fatal(err)
		}
	}
	if err := archive.Flush(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	writeFile(t, path, append(stream.Bytes(), content...))

	pins, err := openMirror(t, mirror.Dir, mirror.KeyFile).Resolve(t.Context(), world())
	if err != nil {
		t.Fatal(err)
	}
	for _, pin := range pins {
		if pin.Version == "9-r0" {
			t.Errorf("%s is in no signed list", pin)
		}
	}
}
