package buildkit

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/moby/buildkit/client/llb"
	digest "github.com/opencontainers/go-digest"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
)

// BenchmarkOverhead builds an image that the builder knows already, by turns with this engine and with buildctl, which
// is given the same LLB and the same layers, and reports how much longer the engine takes (overhead, 1 is the same).
// Run it with
//
//	eval "$(ci/services)" && go test ./internal/engine/buildkit -run '^$' -bench Overhead -benchtime 30x
func BenchmarkOverhead(b *testing.B) {
	address, programs := os.Getenv("MKIMAGE_TEST_BUILDKIT"), os.Getenv("MKIMAGE_TEST_BUILDKIT_PROGRAMS")
	if address == "" || programs == "" {
		b.Skip("no builder: eval \"$(ci/services)\" starts one")
	}
	e, err := New(Options{Builders: []string{address}, Store: b.TempDir()})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close()
	image := onePlatform(b)
	peer := buildctl(b, image, filepath.Join(programs, "buildctl"), address)
	var ours, theirs time.Duration
	for b.Loop() {
		began := time.Now()
		if _, err := e.Build(b.Context(), []plan.Image{image}); err != nil {
			b.Fatal(err)
		}
		ours += time.Since(began)
		began = time.Now()
		peer()
		theirs += time.Since(began)
	}
	b.ReportMetric(float64(ours)/float64(theirs), "overhead")
	b.ReportMetric(float64(ours.Milliseconds())/float64(b.N), "ms/engine")
	b.ReportMetric(float64(theirs.Milliseconds())/float64(b.N), "ms/buildctl")
}

func onePlatform(b *testing.B) plan.Image {
	maker := layer.NewMaker(time.Unix(0, 0), cache.Dir{})
	in := plan.Inputs{Epoch: time.Unix(0, 0), Materials: plan.Materials{Layers: maker}, Proxies: map[images.Platform]layer.Layer{}}
	var err error
	if in.Scratch, err = plan.Scratch(b.Context(), maker); err != nil {
		b.Fatal(err)
	}
	if in.Proxies[images.LinuxAMD64], err = plan.Proxy(b.Context(), maker, bytes.Repeat([]byte("proxy"), 1<<18)); err != nil {
		b.Fatal(err)
	}
	definition := images.Definition{Name: "x", Base: images.Scratch, Platforms: []images.Platform{images.LinuxAMD64}}
	if in.Grounds, err = plan.Lay(b.Context(), definition, in.Materials); err != nil {
		b.Fatal(err)
	}
	made, err := plan.Make(b.Context(), definition, in)
	if err != nil {
		b.Fatal(err)
	}
	return made[0]
}

// buildctl returns what builds the image with that program.
func buildctl(b *testing.B, image plan.Image, program, address string) func() {
	o := newOffer(nil)
	definition, err := define(b.Context(), image, o, make([]string, len(image.Layers)))
	if err != nil {
		b.Fatal(err)
	}
	var request bytes.Buffer
	if err := llb.WriteTo(definition, &request); err != nil {
		b.Fatal(err)
	}
	layout, out := b.TempDir(), b.TempDir()
	keep := func(sum digest.Digest, content []byte) {
		file := filepath.Join(layout, "blobs", "sha256", sum.Encoded())
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(file, content, 0o644); err != nil {
			b.Fatal(err)
		}
	}
	for sum, document := range o.documents {
		keep(sum, document)
	}
	for sum, l := range o.layers {
		content, err := readLayer(l.Layer)
		if err != nil {
			b.Fatal(err)
		}
		keep(sum, content)
	}
	return func() {
		command := exec.Command(program, "--addr", address, "build", "--progress=plain", "--oci-layout", storeName+"="+layout,
			"--output", "type=oci,tar=false,dest="+filepath.Join(out, "x"))
		command.Stdin = bytes.NewReader(request.Bytes())
		if text, err := command.CombinedOutput(); err != nil {
			b.Fatalf("%v: %s", err, text)
		}
	}
}
