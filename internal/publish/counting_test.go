package publish

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	inprocess "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
)

// counting is a registry that counts what it is sent. Unlike go-containerregistry's, it has blobs by repository.
type counting struct {
	host   string
	before func(w http.ResponseWriter, r *http.Request) (answered bool) // may answer in place of the registry; may be nil

	mutex  sync.Mutex
	has    map[string]bool // REPOSITORY DIGEST of the blobs that are there
	blobs  int             // data of blobs that came
	bytes  int64           // of it
	mounts int             // blobs that were taken from another repository
	puts   []string        // manifests and tags, in order
	types  []string        // the content types of these
}

func newCounting(t *testing.T) *counting {
	t.Helper()
	c := &counting{has: map[string]bool{}}
	inner := inprocess.New(inprocess.Logger(log.New(io.Discard, "", 0)))
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.before != nil && c.before(w, r) {
			return
		}
		c.count(r)
		if r.Method == http.MethodPost && c.mount(repositoryOf(r.URL.Path), r.URL.Query()) {
			w.WriteHeader(http.StatusCreated)
			return
		}
		if r.Method == http.MethodHead && c.lacks(r.URL.Path) {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		inner.ServeHTTP(w, r)
	}))
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	c.host = strings.TrimPrefix(server.URL, "http://")
	return c
}

func (c *counting) count(r *http.Request) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	switch {
	case r.Method == http.MethodPatch:
		c.blobs++
		c.bytes += r.ContentLength
	case r.URL.Query().Has("digest"):
		if r.ContentLength > 0 { // the blob came in one request
			c.blobs++
			c.bytes += r.ContentLength
		}
		c.has[repositoryOf(r.URL.Path)+" "+r.URL.Query().Get("digest")] = true
	case r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/"):
		c.puts, c.types = append(c.puts, path.Base(r.URL.Path)), append(c.types, r.Header.Get("Content-Type"))
	}
}

// mount takes a blob from another repository, if that has it.
func (c *counting) mount(repository string, query url.Values) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	there := c.has[query.Get("from")+" "+query.Get("mount")]
	if there {
		c.mounts++
		c.has[repository+" "+query.Get("mount")] = true
	}
	return there
}

// lacks says whether a path is that of a blob which its repository has not.
func (c *counting) lacks(file string) bool {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return strings.Contains(file, "/blobs/") && !c.has[repositoryOf(file)+" "+path.Base(file)]
}

func repositoryOf(file string) string {
	repository, _, _ := strings.Cut(strings.TrimPrefix(file, "/v2/"), "/blobs/")
	return repository
}

// counted returns what came since the last call.
func (c *counting) counted() (blobs int, bytes int64, mounts int, puts []string) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	blobs, bytes, mounts, puts = c.blobs, c.bytes, c.mounts, c.puts
	c.blobs, c.bytes, c.mounts, c.puts = 0, 0, 0, nil
	return blobs, bytes, mounts, puts
}

// publisher is a new run, which knows nothing of earlier ones.
func publisher(t *testing.T) *Publisher {
	t.Helper()
	client, err := registry.Access{Pause: time.Millisecond}.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return &Publisher{Registry: client}
}

// tagged writes an image to a registry and sets its tags, with nothing in between.
func tagged(ctx context.Context, run *Publisher, output Output, image Image, note func(string)) (Result, error) {
	result, err := run.Write(ctx, output, image, note)
	if err == nil {
		err = run.SetTags(ctx, &result)
	}
	return result, err
}

// pushTo pushes an index in a run of its own.
func pushTo(t *testing.T, ref string, index v1.ImageIndex, tags ...string) Result {
	t.Helper()
	result, err := tagged(t.Context(), publisher(t), Output{Type: Registry, Ref: ref, Tags: tags}, Image{Name: "scratch", Index: index}, func(string) {})
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// named returns the digest that a registry has for a reference, or "".
func named(t *testing.T, ref string) string {
	t.Helper()
	reference, err := name.ParseReference(ref)
	if err != nil {
		t.Fatal(err)
	}
	found, err := remote.Head(reference)
	if err != nil {
		return ""
	}
	return found.Digest.String()
}
