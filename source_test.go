package source_test

import (
	"bytes"
	"os"
	"runtime"
	"syscall"
	"testing"
	"time"

	source "github.com/sciabarracom/openwhisk-runtime-go"
	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/embedded"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
)

// TestProxyIsTheOneOfTheCheckout holds that the embedded source gives the program that the checkout gives.
func TestProxyIsTheOneOfTheCheckout(t *testing.T) {
	module, err := gobuild.Open(source.Files(), cache.Dir{})
	if err != nil {
		t.Fatal(err)
	}
	if module.Toolchain() != runtime.Version() {
		t.Skipf("the test runs with %s, the proxy is compiled with %s", runtime.Version(), module.Toolchain())
	}
	embedded, err := module.Proxy(t.Context(), images.LinuxAMD64)
	if err != nil {
		t.Fatal(err)
	}
	here, err := gobuild.Open(os.DirFS("."), cache.Dir{})
	if err != nil {
		t.Fatal(err)
	}
	checkout, err := here.Proxy(t.Context(), images.LinuxAMD64)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(embedded, checkout) {
		t.Error("the embedded source gives another program than the checkout")
	}
}

// TestScratchIsReproducible builds the scratch image twice, with everything different that must not matter.
func TestScratchIsReproducible(t *testing.T) {
	first := scratch(t)
	for name, value := range map[string]string{
		"TMPDIR": t.TempDir(), "TZ": "Asia/Tokyo", "LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8",
		"GOFLAGS": "-tags=other", "GOAMD64": "v3", "GOARM64": "v9.0", "GOFIPS140": "latest", "GOEXPERIMENT": "nogreenteagc",
	} {
		t.Setenv(name, value)
	}
	t.Chdir(t.TempDir())
	defer syscall.Umask(syscall.Umask(0o077))
	if second := scratch(t); first != second {
		t.Errorf("got %s, want %s", second, first)
	}
}

// scratch builds the shipped scratch image without a cache and returns its digest.
func scratch(t *testing.T) string {
	t.Helper()
	definitions, err := images.Load(images.Shipped(), nil, "scratch")
	if err != nil {
		t.Fatal(err)
	}
	module, err := gobuild.Open(source.Files(), cache.Dir{})
	if err != nil {
		t.Fatal(err)
	}
	in := plan.Inputs{Epoch: time.Unix(0, 0), Materials: plan.Materials{Layers: layer.NewMaker(time.Unix(0, 0), cache.Dir{})}, Proxies: map[images.Platform]layer.Layer{}}
	if in.Scratch, err = plan.Scratch(t.Context(), in.Layers); err != nil {
		t.Fatal(err)
	}
	for _, platform := range definitions[0].Platforms {
		program, err := module.Proxy(t.Context(), platform)
		if err != nil {
			t.Fatal(err)
		}
		if in.Proxies[platform], err = plan.Proxy(t.Context(), in.Layers, program); err != nil {
			t.Fatal(err)
		}
	}
	if in.Grounds, err = plan.Lay(t.Context(), definitions[0], in.Materials); err != nil {
		t.Fatal(err)
	}
	plans, err := plan.Make(t.Context(), definitions[0], in)
	if err != nil {
		t.Fatal(err)
	}
	index, err := embedded.Engine{}.Build(t.Context(), plans)
	if err != nil {
		t.Fatal(err)
	}
	digest, err := index.Digest()
	if err != nil {
		t.Fatal(err)
	}
	return digest.String()
}
