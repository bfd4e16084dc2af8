package buildkit

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/exporter/containerimage/exptypes"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
	"github.com/moby/buildkit/solver/pb"
	"github.com/moby/buildkit/util/apicaps"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
)

func TestTooOld(t *testing.T) {
	for _, test := range []struct {
		version string
		knows   []apicaps.CapID
		want    string
	}{
		{"older than v0.11", nil, "it runs BuildKit older than v0.11, which is too old: mergeop is missing; take v0.13 or later"},
		{"v0.12.5", []apicaps.CapID{pb.CapMergeOp, pb.CapDiffOp, pb.CapSourceOCILayout}, "it runs BuildKit v0.12.5, which is too old: exporter.multiple is missing; take v0.13 or later"},
	} {
		var all, known apicaps.CapList
		for _, id := range []apicaps.CapID{pb.CapMergeOp, pb.CapDiffOp, pb.CapSourceOCILayout, pb.CapMultipleExporters} {
			all.Init(apicaps.Cap{ID: id, Enabled: true})
		}
		for _, id := range test.knows {
			known.Init(apicaps.Cap{ID: id, Enabled: true})
		}
		b := &builder{version: test.version}
		if err := b.check(gateway.BuildOpts{LLBCaps: all.CapSet(known.All())}); err == nil || err.Error() != test.want {
			t.Errorf("got %v, want %s", err, test.want)
		}
	}
}

// TestOtherDocuments holds that a builder is refused when its documents differ from those of the embedded engine.
func TestOtherDocuments(t *testing.T) {
	s := &solve{builder: &builder{version: "v9.0.0"}, plans: []plan.Image{{Name: "x", Platform: images.LinuxAMD64}}}
	_, err := s.product(context.Background(), &client.SolveResponse{ExporterResponse: map[string]string{exptypes.ExporterImageDigestKey: "sha256:other"}})
	var lost *lostError
	if !errors.As(err, &lost) || !strings.Contains(err.Error(), "it runs BuildKit v9.0.0, which writes x as sha256:other where mkimage writes sha256:") {
		t.Errorf("got %v", err)
	}
}

func TestParseCache(t *testing.T) {
	for _, test := range []struct {
		value string
		want  Cache
		fails string
	}{
		{"type=registry,ref=r.example.org/cache/{name}", Cache{"registry", "r.example.org/cache/{name}"}, ""},
		{"type=local,dest=cache", Cache{"local", "cache"}, ""},
		{`type=local,"dest=a,b"`, Cache{"local", "a,b"}, ""},
		{"type=local,src=cache", Cache{}, "type=local takes dest= and nothing else"},
		{"type=local,dest=cache,mode=min", Cache{}, "and nothing else"},
		{"type=gha", Cache{}, "want type=registry,ref=REFERENCE or type=local,dest=DIR"},
		{"type=local,dest=a,dest=b", Cache{}, "dest is given twice"},
		{"cache", Cache{}, "is not KEY=VALUE"},
		{"", Cache{}, "expected KEY=VALUE fields"},
	} {
		got, err := ParseCache(test.value, "dest")
		if got != test.want || (err == nil) != (test.fails == "") || err != nil && !strings.Contains(err.Error(), test.fails) {
			t.Errorf("%s: got %v, %v", test.value, got, err)
		}
	}
}

// TestReachable holds that a builder is sent only to registries that it can speak with.
func TestReachable(t *testing.T) {
	for _, test := range []struct {
		repository string
		insecure   bool
		want       bool
	}{
		{"registry.example.org/x", false, true},
		{"registry.example.org/x", true, false},
		{"127.0.0.1:5000/x", true, true},
		{"localhost:5000/x", true, true},
	} {
		repository, err := name.NewRepository(test.repository)
		if err != nil {
			t.Fatal(err)
		}
		if got := (nearby{insecure: test.insecure}).reachable(repository); got != test.want {
			t.Errorf("%s, insecure %v: %v", test.repository, test.insecure, got)
		}
	}
}
