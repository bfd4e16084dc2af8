package rules

import (
	"context"
	"flag"
	platform "go/build"
	"os"

	"runtime/debug"
	"testing"

	source "github.com/sciabarracom/openwhisk-runtime-go"
	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

var long = flag.Bool("long", os.Getenv("LONG") != "", "more clients, runs and bytes (also: LONG=1)")

// binaries are the programs that the tests start.
var binaries struct {
	proxy  string // as images have it
	race   string // with the race detector, "" where it cannot be built
	action string // testdata/action
}

func TestMain(m *testing.M) {
	flag.Set("test.parallel", "8")  // they wait more than they work
	debug.SetMemoryLimit(256 << 20) // the race detector takes several times as much
	flag.Parse()
	testkit.Main(m,
		testkit.Program{File: &binaries.proxy, Source: "..", Make: shipped},
		testkit.Program{File: &binaries.race, Source: "..", Race: true},
		testkit.Program{File: &binaries.action, Source: "testdata/action"})
}

// shipped returns the proxy that mkimage puts into images.
func shipped() ([]byte, error) {
	store, err := cache.Open("")
	if err != nil {
		return nil, err
	}
	module, err := gobuild.Open(source.Files(), store)
	if err != nil {
		return nil, err
	}
	return module.Proxy(context.Background(), images.Platform("linux/"+platform.Default.GOARCH))
}

// eachBuild runs a test against the proxy as it is shipped, and as the race
// detector sees it.
func eachBuild(t *testing.T, test func(t *testing.T, binary string)) {
	t.Run("shipped", func(t *testing.T) { test(t, binaries.proxy) })
	t.Run("race", func(t *testing.T) {
		if binaries.race == "" {
			t.Skip("no race detector on this machine")
		}
		test(t, binaries.race)
	})
}
