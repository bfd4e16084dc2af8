package publish

import (
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/freeport"
)

func TestPush(t *testing.T) {
	var mutex sync.Mutex
	var requests []string // the manifests that are put, in order
	handler := registry.New(registry.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/") {
			mutex.Lock()
			requests = append(requests, filepath.Base(r.URL.Path))
			mutex.Unlock()
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

// freeAddress is a loopback address where nobody listens.
func freeAddress(t *testing.T) string {
	t.Helper()
	port, err := freeport.Find()
	if err != nil {
		t.Fatal(err)
	}
	return "127.0.0.1:" + port
}
