package publish

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

func TestLayout(t *testing.T) {
	dest := filepath.Join(t.TempDir(), "out", "scratch")
	for range 2 { // the second one replaces the first
		index := sample(t, "linux/amd64", "linux/arm64")
		result := write(t, Output{Type: OCI, Dest: dest}, index)
		if want := "scratch@" + digest(t, index).String(); result.Reference != want {
			t.Errorf("reference %s, want %s", result.Reference, want)
		}
		path, err := layout.FromPath(dest)
		if err != nil {
			t.Fatal(err)
		}
		outer, err := path.ImageIndex()
		if err != nil {
			t.Fatal(err)
		}
		manifest, err := outer.IndexManifest()
		if err != nil {
			t.Fatal(err)
		}
		if len(manifest.Manifests) != 1 || manifest.Manifests[0].Digest != digest(t, index) || manifest.Manifests[0].Annotations[refName] != "latest" {
			t.Errorf("index.json names %+v", manifest.Manifests)
		}
		blobs, err := os.ReadDir(filepath.Join(dest, "blobs", "sha256"))
		if err != nil {
			t.Fatal(err)
		}
		if want := 1 + 2*(2+1); len(blobs) != want { // an index; for each platform a manifest, a config and one layer
			t.Errorf("%d blobs, want %d", len(blobs), want)
		}
	}
}

func TestLayoutLeavesFoldersOfTheUserAlone(t *testing.T) {
	tests := []struct {
		name string
		make func(t *testing.T, dir string)
	}{
		{"a folder of files", func(t *testing.T, dir string) { writeFile(t, dir+"/notes.txt", "mine") }},
		{"a layout that another tool made", func(t *testing.T, dir string) {
			if _, err := layout.Write(dir, sample(t, "linux/amd64")); err != nil {
				t.Fatal(err)
			}
		}},
		{"our layout with a file beside it", func(t *testing.T, dir string) {
			write(t, Output{Type: OCI, Dest: dir}, sample(t, "linux/amd64"))
			writeFile(t, dir+"/notes.txt", "mine")
		}},
		{"our layout with another image in it", func(t *testing.T, dir string) {
			write(t, Output{Type: OCI, Dest: dir}, sample(t, "linux/amd64"))
			if err := layout.Path(dir).AppendIndex(sample(t, "linux/amd64")); err != nil {
				t.Fatal(err)
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dest := filepath.Join(t.TempDir(), "scratch")
			test.make(t, dest)
			before := listing(t, dest)
			_, err := Write(t.Context(), Output{Type: OCI, Dest: dest}, "scratch", sample(t, "linux/amd64"))
			if err == nil || !strings.Contains(err.Error(), "was not made by mkimage") {
				t.Errorf("got %v", err)
			}
			if after := listing(t, dest); after != before {
				t.Errorf("before:\n%s\nafter:\n%s", before, after)
			}
		})
	}
}

func TestInterruptedWriteLeavesTheFormerOne(t *testing.T) {
	for _, output := range []Output{{Type: OCI, Dest: "scratch"}, {Type: Docker, Dest: "scratch.tar"}} {
		t.Run(string(output.Type), func(t *testing.T) {
			parent := t.TempDir()
			output.Dest = filepath.Join(parent, output.Dest)
			write(t, output, sample(t, "linux/"+runtime.GOARCH))
			before := listing(t, parent)
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := Write(ctx, output, "scratch", sample(t, "linux/"+runtime.GOARCH)); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want canceled", err)
			}
			if after := listing(t, parent); after != before {
				t.Errorf("before:\n%s\nafter:\n%s", before, after)
			}
		})
	}
}

func TestArchive(t *testing.T) {
	index := sample(t, "linux/s390x", "linux/"+runtime.GOARCH)
	tests := []struct{ ref, tag string }{
		{"", "scratch:latest"},
		{"mine", "mine:latest"},
		{"localhost:5000/mine", "localhost:5000/mine:latest"},
		{"me/{name}:dev", "me/scratch:dev"},
	}
	for _, test := range tests {
		t.Run(test.tag, func(t *testing.T) {
			dest := filepath.Join(t.TempDir(), "scratch.tar")
			result := write(t, Output{Type: Docker, Dest: dest, Ref: test.ref}, index)
			if result.Platform != "linux/"+runtime.GOARCH {
				t.Errorf("platform %s", result.Platform)
			}
			tag, err := name.NewTag(test.tag)
			if err != nil {
				t.Fatal(err)
			}
			if _, err := tarball.ImageFromPath(dest, &tag); err != nil {
				t.Error(err)
			}
			manifest, err := tarball.LoadManifest(func() (io.ReadCloser, error) { return os.Open(dest) })
			if err != nil {
				t.Fatal(err)
			}
			if got := manifest[0].RepoTags; len(got) != 1 || got[0] != test.tag {
				t.Errorf("tags %v, want %s", got, test.tag)
			}
			again := filepath.Join(t.TempDir(), "again.tar")
			write(t, Output{Type: Docker, Dest: again, Ref: test.ref}, index)
			if !bytes.Equal(readFile(t, dest), readFile(t, again)) {
				t.Error("the same image gave other bytes")
			}
		})
	}
}

func TestArchiveNeedsThisMachinesPlatform(t *testing.T) {
	dest := filepath.Join(t.TempDir(), "scratch.tar")
	write(t, Output{Type: Docker, Dest: dest}, sample(t, "linux/s390x")) // the only one is no question
	_, err := Write(t.Context(), Output{Type: Docker, Dest: dest}, "scratch", sample(t, "linux/s390x", "linux/ppc64le"))
	if err == nil || !strings.Contains(err.Error(), "choose one with --platform") {
		t.Errorf("got %v", err)
	}
}

func TestUnwritableDestination(t *testing.T) {
	parent := t.TempDir()
	writeFile(t, parent+"/file", "")
	for _, output := range []Output{{Type: OCI, Dest: parent + "/file/x"}, {Type: Docker, Dest: parent + "/file/x"}} {
		_, err := Write(t.Context(), output, "scratch", sample(t, "linux/"+runtime.GOARCH))
		want := "write " + output.Dest + ": not a directory: choose another dest"
		if err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", output.Type, err, want)
		}
	}
}

func TestPush(t *testing.T) {
	var requests []string
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/") {
			requests = append(requests, filepath.Base(r.URL.Path))
		}
		handler.ServeHTTP(w, r)
	}))
	defer server.Close()
	repository := strings.TrimPrefix(server.URL, "http://") + "/actions/scratch"
	index := sample(t, "linux/amd64", "linux/arm64")
	result := write(t, Output{Type: Registry, Ref: repository + ":dev"}, index)

	if want := repository + "@" + digest(t, index).String(); result.Reference != want {
		t.Errorf("reference %s, want %s", result.Reference, want)
	}
	content := "content-" + digest(t, index).Hex[:12]
	for _, tag := range []string{content, "dev"} {
		ref, err := name.ParseReference(repository + ":" + tag)
		if err != nil {
			t.Fatal(err)
		}
		there, err := remote.Head(ref)
		if err != nil {
			t.Fatal(err)
		}
		if there.Digest != digest(t, index) {
			t.Errorf("%s names %s", tag, there.Digest)
		}
	}
	if n := len(requests); n != 5 || requests[n-2] != content || requests[n-1] != "dev" {
		t.Errorf("manifests were put in this order: %v", requests)
	}
	write(t, Output{Type: Registry, Ref: repository + ":dev"}, index) // the content tag is there already, and right
}

func TestContentTagNeverMoves(t *testing.T) {
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	defer server.Close()
	repository := strings.TrimPrefix(server.URL, "http://") + "/scratch"
	index := sample(t, "linux/amd64")
	moved, err := name.NewTag(repository + ":" + ContentTag(digest(t, index)))
	if err != nil {
		t.Fatal(err)
	}
	if err := remote.WriteIndex(moved, sample(t, "linux/amd64")); err != nil {
		t.Fatal(err)
	}
	_, err = Write(t.Context(), Output{Type: Registry, Ref: repository}, "scratch", index)
	if err == nil || !strings.Contains(err.Error(), "somebody has moved it") {
		t.Errorf("got %v", err)
	}
}

func TestPushExplainsWhatTheRegistryAnswers(t *testing.T) {
	tests := []struct {
		status int
		body   string
		want   string
	}{
		{401, "", "answered 401 Unauthorized: log in with: docker login HOST"},
		{403, `{"errors":[{"code":"DENIED","message":"token=secret"}]}`, "answered 403 Forbidden (DENIED): this login may not push there; check its rights, or choose another repository"},
		{404, "", "answered 404 Not Found: create the repository there, and check that the address is a registry's"},
		{405, "", "answered 405 Method Not Allowed: it takes no uploads; choose another registry"},
		{413, "", "answered 413 Request Entity Too Large: it does not take layers of this size"},
		{418, "", "answered 418 I'm a teapot: it does not take this image"},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.status), func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/v2/":
				case r.Method == http.MethodHead:
					w.WriteHeader(http.StatusNotFound)
				default:
					w.WriteHeader(test.status)
					_, _ = w.Write([]byte(test.body))
				}
			}))
			defer server.Close()
			host := strings.TrimPrefix(server.URL, "http://")
			_, err := Write(t.Context(), Output{Type: Registry, Ref: host + "/scratch"}, "scratch", sample(t, "linux/amd64"))
			want := "push " + host + "/scratch:latest: " + host + " " + strings.ReplaceAll(test.want, "HOST", host)
			if err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}

func TestPlainHTTPStaysOnThisMachine(t *testing.T) {
	tests := []struct {
		url    string
		passes bool
	}{
		{"http://127.0.0.1:5000/v2/", true},
		{"http://127.9.9.9/v2/", true},
		{"http://[::1]:5000/v2/", true},
		{"http://localhost:5000/v2/", true},
		{"https://registry.example.org/v2/", true},
		{"http://registry.example.org/v2/", false},
		{"http://10.0.0.1:5000/v2/", false},
		{"http://localhost.example.org/v2/", false},
	}
	for _, test := range tests {
		t.Run(test.url, func(t *testing.T) {
			request, err := http.NewRequest(http.MethodGet, test.url, nil)
			if err != nil {
				t.Fatal(err)
			}
			_, err = encrypted{answers{}}.RoundTrip(request)
			if passes := !errors.Is(err, errPlain); passes != test.passes {
				t.Errorf("passes: %v, want %v", passes, test.passes)
			}
		})
	}
}

// answers is a network where everybody answers.
type answers struct{}

func (answers) RoundTrip(*http.Request) (*http.Response, error) { return &http.Response{}, nil }

func TestUnreachableRegistry(t *testing.T) {
	host := freeAddress(t)
	_, err := Write(t.Context(), Output{Type: Registry, Ref: host + "/scratch"}, "scratch", sample(t, "linux/amd64"))
	want := "push " + host + "/scratch:latest: no registry answers at " + host + " (connection refused): check the address, and that it runs"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestUnreachableDaemon(t *testing.T) {
	address := "tcp://" + freeAddress(t)
	t.Setenv("DOCKER_HOST", address)
	_, err := Write(t.Context(), Output{Type: Daemon}, "scratch", sample(t, "linux/"+runtime.GOARCH))
	want := "load scratch:latest: no Docker Engine answers at " + address + ": start it, or set DOCKER_HOST"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}

func TestLoadError(t *testing.T) {
	tests := []struct{ name, answer, want string }{
		{"loaded", `{"stream":"Loaded image: scratch:latest\n"}`, ""},
		{"refused", `{"stream":"a"}` + "\n" + `{"errorDetail":{"message":"invalid tar header"},"error":"invalid tar header"}`, "invalid tar header"},
		{"plain text", "Loaded image: scratch:latest", ""},
		{"nothing", "", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			err := loadError(test.answer)
			if test.want == "" && err != nil || test.want != "" && (err == nil || err.Error() != test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// sample is an index with random content.
func sample(t *testing.T, platforms ...string) v1.ImageIndex {
	t.Helper()
	var index v1.ImageIndex = empty.Index
	for _, platform := range platforms {
		p, err := v1.ParsePlatform(platform)
		if err != nil {
			t.Fatal(err)
		}
		layer, err := random.Layer(2000, types.OCILayer)
		if err != nil {
			t.Fatal(err)
		}
		img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
		if img, err = mutate.ConfigFile(img, &v1.ConfigFile{OS: p.OS, Architecture: p.Architecture, RootFS: v1.RootFS{Type: "layers"}}); err != nil {
			t.Fatal(err)
		}
		if img, err = mutate.AppendLayers(img, layer); err != nil {
			t.Fatal(err)
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: p}})
	}
	return index
}

func write(t *testing.T, output Output, index v1.ImageIndex) Result {
	t.Helper()
	result, err := Write(t.Context(), output, "scratch", index)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

func digest(t *testing.T, index v1.ImageIndex) v1.Hash {
	t.Helper()
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest
}

// listing tells every file below dir with its content.
func listing(t *testing.T, dir string) string {
	t.Helper()
	var text strings.Builder
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path)
		fmt.Fprintf(&text, "%s %x\n", path, content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return text.String()
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// freeAddress is a loopback address where nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
