package layer

import (
	"archive/tar"
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// example has one file of each kind, in no order.
func example() []File {
	home := Directory("home/user", 0o775)
	home.UID, home.GID = 65532, 7
	return []File{
		{Path: "bin/a-link", Mode: 0o755, Link: "bin/tool"},
		Symlink("bin/sh", "/bin/tool"),
		Regular("bin/tool", fs.ModeSetuid|0o755, []byte("tool\n")),
		Directory("tmp", fs.ModeSticky|0o777),
		Directory("bin", 0o755),
		home,
		Directory("home", 0o755),
		Regular("home/user/empty", 0o640, nil),
		Regular("bin-1", 0o644, []byte("1")),
	}
}

func TestTarIsCanonical(t *testing.T) {
	made, err := NewMaker(time.Unix(1_700_000_000, 5), cache.Dir{}).New(t.Context(), "x", example())
	if err != nil {
		t.Fatal(err)
	}
	want := `drwxr-xr-x 0:0 bin/ 
-rw-r--r-- 0:0 bin-1  "1"
Lrwxrwxrwx 0:0 bin/sh -> /bin/tool
urwxr-xr-x 0:0 bin/tool  "tool\n"
drwxr-xr-x 0:0 home/ 
drwxrwxr-x 65532:7 home/user/ 
-rw-r----- 0:0 home/user/empty  ""
dtrwxrwxrwx 0:0 tmp/ 
-rwxr-xr-x 0:0 bin/a-link => bin/tool
`
	if diff := cmp.Diff(want, list(t, made)); diff != "" {
		t.Error(diff)
	}
}

// TestBytesStayTheSame fails when a change of this package, of the compressor or of Go changes what a layer is. Then
// every digest of every image changes, which is a matter for the change log.
func TestBytesStayTheSame(t *testing.T) {
	made, err := NewMaker(time.Unix(0, 0), cache.Dir{}).New(t.Context(), "x", example())
	if err != nil {
		t.Fatal(err)
	}
	digest, _ := made.Digest()
	diffID, _ := made.DiffID()
	got := fmt.Sprintf("tar  %s\ngzip %s\n", diffID, digest)
	want, err := os.ReadFile("testdata/digests.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Error(diff)
	}
}

func TestOrderOfInputDoesNotMatter(t *testing.T) {
	first, err := NewMaker(time.Unix(0, 0), cache.Dir{}).New(t.Context(), "x", example())
	if err != nil {
		t.Fatal(err)
	}
	for range 20 {
		files := example()
		rand.Shuffle(len(files), func(i, j int) { files[i], files[j] = files[j], files[i] })
		again, err := NewMaker(time.Unix(0, 0), cache.Dir{}).New(t.Context(), "x", files)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := sum(t, first), sum(t, again); a != b {
			t.Fatalf("got %s, want %s", b, a)
		}
	}
}

func TestLayerIsValid(t *testing.T) {
	made, err := NewMaker(time.Unix(0, 0), cache.Dir{}).New(t.Context(), "x", example())
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Layer(made); err != nil {
		t.Error(err)
	}
	content, _ := made.Compressed()
	head := make([]byte, 10)
	if _, err := io.ReadFull(content, head); err != nil {
		t.Fatal(err)
	}
	if want := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}; !bytes.Equal(head, want) {
		t.Errorf("gzip header % x, want % x: no name, no time, unknown system", head, want)
	}
}

func TestDockerSize(t *testing.T) {
	made, err := NewMaker(time.Unix(0, 0), cache.Dir{}).New(t.Context(), "x", example())
	if err != nil {
		t.Fatal(err)
	}
	if want := int64(len("tool\n") + len("1") + len("/bin/tool")); made.DockerSize != want {
		t.Errorf("got %d, want %d: files, a hard link once, symlink targets", made.DockerSize, want)
	}
}

func TestNewRefuses(t *testing.T) {
	file := func(path string) File { return Regular(path, 0o644, nil) }
	short := file("a")
	short.Size = 2
	tests := []struct {
		name  string
		files []File
		want  string
	}{
		{"twice", []File{file("a"), file("b"), file("a")}, `"a" is there twice`},
		{"file and directory", []File{file("a"), Directory("a", 0o755)}, `"a" is there twice`},
		{"file in a file", []File{file("a"), file("a/b")}, `"a/b" is in "a", which is not a directory`},
		{"file in a link", []File{Symlink("a", "/"), file("a/b/c")}, `"a/b/c" is in "a", which is not a directory`},
		{"absolute", []File{file("/a")}, `"/a": want a clean path`},
		{"upwards", []File{file("a/../../b")}, `want a clean path`},
		{"nothing", []File{file("")}, `want a clean path`},
		{"root", []File{Directory(".", 0o755)}, `want a clean path`},
		{"NUL", []File{file("a\x00b")}, `want a clean path`},
		{"whiteout", []File{file("a/.wh.b")}, `deletes files in a layer`},
		{"device", []File{{Path: "a", Mode: fs.ModeDevice | 0o600}}, `neither a regular file`},
		{"symlink to nothing", []File{Symlink("a", "")}, `a symbolic link without a target`},
		{"hard link to nothing", []File{{Path: "a", Mode: 0o644, Link: "b"}}, `"a" links to "b", which is not a regular file of the layer`},
		{"hard link to a directory", []File{Directory("b", 0o755), {Path: "a", Mode: 0o644, Link: "b"}}, `"a" links to "b", which is not`},
		{"no content", []File{{Path: "a", Mode: 0o644}}, `a file without content`},
		{"short content", []File{short}, `write a: 0 bytes, want 2`},
		{"negative owner", []File{{Path: "a", Mode: fs.ModeDir | 0o755, UID: -1}}, `owner -1:0 is negative`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := NewMaker(time.Unix(0, 0), cache.Dir{}).New(t.Context(), "x", test.files)
			if err == nil || !strings.HasPrefix(err.Error(), "layer x: ") || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestCacheGivesTheSameLayer(t *testing.T) {
	path := t.TempDir()
	store, err := cache.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	var sums []string
	for range 3 {
		made, err := NewMaker(time.Unix(0, 0), store).New(t.Context(), "x", example())
		if err != nil {
			t.Fatal(err)
		}
		sums = append(sums, sum(t, made))
		entries, _ := filepath.Glob(filepath.Join(path, "layer", "*"))
		if len(entries) != 1 {
			t.Fatalf("cache holds %v, want one layer", entries)
		}
		if err := os.WriteFile(entries[0], []byte("broken"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if sums[0] != sums[1] || sums[1] != sums[2] {
		t.Errorf("got %v, want the same three times", sums)
	}
}

// list returns a line for every entry of a layer, and checks what all have in common.
func list(t *testing.T, made Layer) string {
	t.Helper()
	content, err := made.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	var lines strings.Builder
	for archive := tar.NewReader(content); ; {
		h, err := archive.Next()
		if err == io.EOF {
			return lines.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Format != tar.FormatUSTAR || h.Uname != "" || h.Gname != "" || h.ModTime.Unix() != 1_700_000_000 || h.PAXRecords != nil {
			t.Errorf("%s is not canonical: %+v", h.Name, h)
		}
		text, _ := io.ReadAll(archive)
		detail := ""
		switch h.Typeflag {
		case tar.TypeReg:
			detail = fmt.Sprintf(" %q", text)
		case tar.TypeSymlink:
			detail = "-> " + h.Linkname
		case tar.TypeLink:
			detail = "=> " + h.Linkname
		}
		fmt.Fprintf(&lines, "%s %d:%d %s %s\n", h.FileInfo().Mode(), h.Uid, h.Gid, h.Name, detail)
	}
}

func sum(t *testing.T, made Layer) string {
	t.Helper()
	digest, err := made.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}
