package referrers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	oci "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/random"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
)

// server is a registry that counts, and that a test can come between.
type server struct {
	http.Handler
	host    string
	between func(w http.ResponseWriter, r *http.Request) (answered bool) // or nil

	mutex    sync.Mutex
	requests []string // METHOD PATH
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mutex.Lock()
	s.requests = append(s.requests, r.Method+" "+r.URL.Path)
	between := s.between
	s.mutex.Unlock()
	if between == nil || !between(w, r) {
		s.Handler.ServeHTTP(w, r)
	}
}

// writes returns the requests that change something, and forgets all requests.
func (s *server) writes() []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	written := slices.DeleteFunc(s.requests, func(request string) bool {
		return strings.HasPrefix(request, "GET ") || strings.HasPrefix(request, "HEAD ")
	})
	s.requests = nil
	return written
}

// start starts a registry, with or without the referrers API, and pushes an index to it.
func start(t *testing.T, api bool) (*server, *Registry, Subject) {
	t.Helper()
	s := &server{Handler: oci.New(oci.Logger(log.New(io.Discard, "", 0)), oci.WithReferrersSupport(api))}
	listening := httptest.NewServer(s)
	t.Cleanup(listening.Close)
	s.host = listening.Listener.Addr().String()
	client, err := registry.Access{Retries: -1}.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return s, New(client), push(t, client, s.host)
}

func push(t *testing.T, client *registry.Client, host string) Subject {
	t.Helper()
	img, err := random.Image(64, 1)
	if err != nil {
		t.Fatal(err)
	}
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: img})
	tag, err := client.Tag(host + "/actions/scratch:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Push(t.Context(), tag, index); err != nil {
		t.Fatal(err)
	}
	descriptor, err := partial.Descriptor(index)
	if err != nil {
		t.Fatal(err)
	}
	return Subject{tag.Repository, *descriptor}
}

func documents() []Document {
	return []Document{
		{Kind: SBOM, File: "scratch.spdx.json", Content: []byte(`{"spdxVersion": "SPDX-2.3"}` + "\n")},
		{Kind: Sizes, File: "scratch.sizes.json", Content: []byte(`{"schema": 1}`)},
		{Kind: Provenance, File: "scratch.intoto.json", Content: []byte(`{"_type": "statement"}`), Predicate: "https://slsa.dev/provenance/v1"},
	}
}

func list(t *testing.T, r *Registry, subject Subject) []Listed {
	t.Helper()
	listed, err := r.List(t.Context(), subject)
	if err != nil {
		t.Fatal(err)
	}
	return listed
}

// both runs a test against a registry with the referrers API and one without.
func both(t *testing.T, test func(t *testing.T, s *server, r *Registry, subject Subject)) {
	for name, api := range map[string]bool{"referrers API": true, "fall-back tag": false} {
		t.Run(name, func(t *testing.T) {
			s, r, subject := start(t, api)
			test(t, s, r, subject)
		})
	}
}

func TestAdd(t *testing.T) {
	both(t, func(t *testing.T, s *server, r *Registry, subject Subject) {
		if listed := list(t, r, subject); len(listed) > 0 || HasProvenance(listed) {
			t.Fatalf("already there: %v", listed)
		}
		added, err := r.Add(t.Context(), subject, nil, documents()...)
		if err != nil || len(added) != 3 {
			t.Fatalf("added %v, %v", added, err)
		}
		listed := list(t, r, subject)
		if len(listed) != 3 || !HasProvenance(listed) {
			t.Fatalf("listed %v", listed)
		}
		for _, l := range listed {
			i := slices.IndexFunc(documents(), func(d Document) bool { return d.Kind == l.Kind() })
			if i < 0 {
				t.Fatalf("listed as %q", l.Kind())
			}
			want := documents()[i]
			attachment, err := r.Open(t.Context(), subject, l)
			if err != nil {
				t.Fatal(err)
			}
			if attachment.Kind != want.Kind || attachment.File != want.File || attachment.Type != want.Kind.Type() || attachment.Predicate != want.Predicate {
				t.Errorf("got %+v, want %+v", attachment, want)
			}
			text, err := r.Read(t.Context(), subject, attachment)
			if err != nil || !bytes.Equal(text, want.Content) {
				t.Errorf("read %q, %v", text, err)
			}
		}
	})
}

func TestAddAgainChangesNothing(t *testing.T) {
	both(t, func(t *testing.T, s *server, r *Registry, subject Subject) {
		if _, err := r.Add(t.Context(), subject, nil, documents()...); err != nil {
			t.Fatal(err)
		}
		before := list(t, r, subject)
		s.writes()
		added, err := r.Add(t.Context(), subject, before, documents()...)
		if err != nil || len(added) > 0 {
			t.Errorf("added %v, %v", added, err)
		}
		if written := s.writes(); len(written) > 0 {
			t.Errorf("wrote %v", written)
		}
		if diff := cmp.Diff(before, list(t, r, subject)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAddAtTheSameTime(t *testing.T) {
	both(t, func(t *testing.T, s *server, r *Registry, subject Subject) {
		const n = 8
		var group sync.WaitGroup
		for i := range n {
			group.Go(func() {
				one := Document{Kind: Sizes, File: "sizes.json", Content: fmt.Appendf(nil, "%d", i)}
				if _, err := r.Add(context.Background(), subject, nil, one); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if listed := list(t, r, subject); len(listed) != n {
			t.Errorf("%d of %d are listed", len(listed), n)
		}
	})
}

// TestLostUpdate lets another program overwrite the fall-back tag: what it had not seen is put again.
func TestLostUpdate(t *testing.T) {
	s, r, subject := start(t, false)
	lost := 0
	tag := "/manifests/sha256-" + subject.Descriptor.Digest.Hex
	s.between = func(w http.ResponseWriter, request *http.Request) bool {
		if request.Method != http.MethodPut || !strings.HasSuffix(request.URL.Path, tag) || lost == 2 {
			return false
		}
		lost++
		_, _ = io.Copy(io.Discard, request.Body)
		w.WriteHeader(http.StatusCreated)
		return true
	}
	if _, err := r.Add(t.Context(), subject, nil, documents()...); err != nil {
		t.Fatal(err)
	}
	if listed := list(t, r, subject); len(listed) != 3 || lost != 2 {
		t.Errorf("%d are listed, %d updates were lost", len(listed), lost)
	}
}

func TestRegistryThatForgets(t *testing.T) {
	s, r, subject := start(t, false)
	s.between = func(w http.ResponseWriter, request *http.Request) bool {
		if request.Method != http.MethodPut || !strings.Contains(request.URL.Path, "/manifests/sha256-") {
			return false
		}
		_, _ = io.Copy(io.Discard, request.Body)
		w.WriteHeader(http.StatusCreated)
		return true
	}
	_, err := r.Add(t.Context(), subject, nil, documents()[0])
	if err == nil || !strings.Contains(err.Error(), "does not list what was attached") {
		t.Errorf("got %v", err)
	}
}

// TestManifestOfAnInterruptedPush finishes what a push has left: the manifest is there, and not in the fall-back tag.
func TestManifestOfAnInterruptedPush(t *testing.T) {
	s, r, subject := start(t, false)
	s.between = func(w http.ResponseWriter, request *http.Request) bool {
		if !strings.Contains(request.URL.Path, "/sha256-") || request.Method != http.MethodPut {
			return false
		}
		w.WriteHeader(http.StatusInternalServerError)
		return true
	}
	if _, err := r.Add(t.Context(), subject, nil, documents()[0]); err == nil {
		t.Fatal("no error")
	}
	s.between = nil
	if listed := list(t, r, subject); len(listed) > 0 {
		t.Fatalf("listed %v", listed)
	}
	if _, err := r.Add(t.Context(), subject, nil, documents()[0]); err != nil {
		t.Fatal(err)
	}
	if listed := list(t, r, subject); len(listed) != 1 {
		t.Errorf("listed %v", listed)
	}
}

// TestManifest has the bytes that a document becomes: who changes them attaches everything a second time.
func TestManifest(t *testing.T) {
	hash := v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("1", 64)}
	made, err := manifest(documents()[2], v1.Descriptor{MediaType: "application/vnd.oci.image.index.v1+json", Size: 7, Digest: hash})
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.in-toto+json",` +
		`"config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","size":2},` +
		`"layers":[{"mediaType":"application/vnd.in-toto+json","digest":"sha256:c8f3db4d9f8794699d5420c141b1ff1359e162619cd515a13d96a3e3b404c0e1","size":22,"annotations":{"org.opencontainers.image.title":"scratch.intoto.json"}}],` +
		`"subject":{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"sha256:1111111111111111111111111111111111111111111111111111111111111111","size":7},` +
		`"annotations":{"in-toto.io/predicate-type":"https://slsa.dev/provenance/v1","io.github.sciabarracom.mkimage":"provenance"}}`
	if diff := cmp.Diff(want, string(made.text)); diff != "" {
		t.Error(diff)
	}
	if !json.Valid(made.text) {
		t.Error("no JSON")
	}
}
