package publish

import (
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
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
	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry/registrytest"
)

// counting is a registry that counts what it is sent.
type counting struct {
	host   string
	before func(w http.ResponseWriter, r *http.Request) (answered bool) // may answer in place of the registry; may be nil

	mutex  sync.Mutex
	blobs  int      // data of blobs that came
	bytes  int64    // of it
	mounts int      // blobs that were taken from another repository
	puts   []string // manifests and tags, in order
	types  []string // the content types of these
}

func newCounting(t *testing.T) *counting {
	t.Helper()
	c := &counting{}
	inner := registrytest.Quirks["apart"]("", inprocess.New(inprocess.Logger(log.New(io.Discard, "", 0))))
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c.before != nil && c.before(w, r) {
			return
		}
		c.count(r)
		noted := registrytest.Noting(w)
		inner.ServeHTTP(noted, r)
		if noted.Code == http.StatusCreated && r.URL.Query().Has("mount") {
			c.mutex.Lock()
			defer c.mutex.Unlock()
			c.mounts++
		}
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
	case r.Method == http.MethodPatch, r.URL.Query().Has("digest") && r.ContentLength > 0: // the second comes in one request
		c.blobs++
		c.bytes += r.ContentLength
	case r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/"):
		c.puts, c.types = append(c.puts, path.Base(r.URL.Path)), append(c.types, r.Header.Get("Content-Type"))
	}
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
