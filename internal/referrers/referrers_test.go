package referrers

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry/registrytest"
)

// start starts a registry with quirks, and pushes an index to it.
func start(t *testing.T, quirks ...string) (*registrytest.Server, *Registry, Subject) {
	t.Helper()
	server := registrytest.Start(t, quirks...)
	client, err := registry.Access{Retries: 1, Pause: time.Millisecond}.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return server, Writer(client), push(t, client, server.Host)
}

func push(t *testing.T, client *registry.Client, host string) Subject {
	t.Helper()
	layer, err := random.Layer(64, types.OCILayer)
	if err != nil {
		t.Fatal(err)
	}
	img, err := mutate.AppendLayers(mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON), layer)
	if err != nil {
		t.Fatal(err)
	}
	config, err := partial.ConfigLayer(img)
	if err != nil {
		t.Fatal(err)
	}
	tag, err := client.Tag(host + "/actions/scratch:1")
	if err != nil {
		t.Fatal(err)
	}
	for _, blob := range []v1.Layer{layer, config} {
		if err := client.Upload(t.Context(), tag.Repository, blob, nil); err != nil {
			t.Fatal(err)
		}
	}
	index := mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: img})
	digest, err := img.Digest()
	if err != nil {
		t.Fatal(err)
	}
	if err := client.Put(t.Context(), tag.Repository.Digest(digest.String()), img); err != nil {
		t.Fatal(err)
	}
	if err := client.Put(t.Context(), tag, index); err != nil {
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

// add attaches documents, all of which must be taken.
func add(t *testing.T, r *Registry, subject Subject, listed []Listed, documents ...Document) []Outcome {
	t.Helper()
	outcomes := r.Add(t.Context(), subject, listed, documents...)
	for _, outcome := range outcomes {
		if outcome.Status == Failed {
			t.Fatalf("%+v", outcome)
		}
	}
	return outcomes
}

// both runs a test against a registry with the referrers API and one without.
func both(t *testing.T, test func(t *testing.T, s *registrytest.Server, r *Registry, subject Subject)) {
	for name, quirks := range map[string][]string{"referrers API": {"referrers"}, "fall-back tag": nil} {
		t.Run(name, func(t *testing.T) {
			s, r, subject := start(t, quirks...)
			test(t, s, r, subject)
		})
	}
}

func TestAdd(t *testing.T) {
	both(t, func(t *testing.T, s *registrytest.Server, r *Registry, subject Subject) {
		if listed := list(t, r, subject); len(listed) > 0 || r.HasProvenance(t.Context(), subject, listed) {
			t.Fatalf("already there: %v", listed)
		}
		add(t, r, subject, nil, documents()...)
		listed := list(t, r, subject)
		if len(listed) != 3 || !r.HasProvenance(t.Context(), subject, listed) {
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
	both(t, func(t *testing.T, s *registrytest.Server, r *Registry, subject Subject) {
		add(t, r, subject, nil, documents()...)
		before := list(t, r, subject)
		s.Asked()
		for _, outcome := range add(t, r, subject, before, documents()...) {
			if outcome.Status != Present {
				t.Errorf("%+v", outcome)
			}
		}
		if asked := s.Asked(); len(asked) > 0 {
			t.Errorf("it asked %v", asked)
		}
		if diff := cmp.Diff(before, list(t, r, subject)); diff != "" {
			t.Error(diff)
		}
	})
}

func TestAddAtTheSameTime(t *testing.T) {
	both(t, func(t *testing.T, s *registrytest.Server, r *Registry, subject Subject) {
		const n = 8
		var group sync.WaitGroup
		for i := range n {
			group.Go(func() {
				one := Document{Kind: Sizes, File: "sizes.json", Content: fmt.Appendf(nil, "%d", i)}
				if outcomes := r.Add(context.Background(), subject, nil, one); outcomes[0].Status != Attached {
					t.Errorf("%+v", outcomes)
				}
			})
		}
		group.Wait()
		if listed := list(t, r, subject); len(listed) != n {
			t.Errorf("%d of %d are listed", len(listed), n)
		}
	})
}

// TestManifestOfAnInterruptedPush holds that a push lists a manifest that an interrupted push has left without an entry
// in the fall-back tag.
func TestManifestOfAnInterruptedPush(t *testing.T) {
	s, r, subject := start(t)
	s.Between(func(w http.ResponseWriter, request *http.Request) bool {
		if !strings.Contains(request.URL.Path, "/sha256-") || request.Method != http.MethodPut {
			return false
		}
		w.WriteHeader(http.StatusInternalServerError)
		return true
	})
	if outcomes := r.Add(t.Context(), subject, nil, documents()[0]); outcomes[0].Status != Failed {
		t.Fatalf("%+v", outcomes)
	}
	s.Between(nil)
	if listed := list(t, r, subject); len(listed) > 0 {
		t.Fatalf("listed %v", listed)
	}
	add(t, r, subject, nil, documents()[0])
	if listed := list(t, r, subject); len(listed) != 1 {
		t.Errorf("listed %v", listed)
	}
}

// TestManifest holds the bytes of a document and its manifest: if they change, every push attaches everything a second
// time.
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
