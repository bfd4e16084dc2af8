//go:build linux

package main

import (
	"flag"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	source "github.com/sciabarracom/openwhisk-runtime-go"
	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write testdata/linked.txt anew")

// budget is how large the proxy may be, in bytes: stripped and static, for linux/amd64. Functions that are called from
// many places and are not for every byte are kept out of their callers (go:noinline): that took 16 KB off it.
const budget = 2_000_000

// TestSize holds that the proxy stays within its budget.
func TestSize(t *testing.T) {
	size := len(build(t))
	t.Logf("%d bytes", size)
	if size > budget {
		t.Errorf("the proxy has %d bytes, its budget is %d: go tool nm -size -sort size shows what is in it", size, budget)
	}
}

// TestLinked holds that no package is linked but those in testdata/linked.txt: one import can cost as much as all of
// our code. After a change that is worth it, go test ./proxy -update writes the list.
func TestLinked(t *testing.T) {
	got := strings.Join(linked(t), "\n") + "\n"
	const golden = "testdata/linked.txt"
	if *update {
		if err := os.WriteFile(golden, []byte(got), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("other packages are linked than the list says:\n%s", diff)
	}
}

// build returns the proxy as mkimage compiles it, for linux/amd64.
func build(t *testing.T) []byte {
	t.Helper()
	module, err := gobuild.Open(source.Files(), cache.Dir{})
	if err != nil {
		t.Fatal(err)
	}
	program, err := module.Build(t.Context(), "./proxy", images.LinuxAMD64)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// linked are the packages that are linked, but for what Go's runtime brings into every program.
func linked(t *testing.T) (packages []string) {
	t.Helper()
	c := exec.Command("go", "list", "-deps", ".")
	c.Env = environment()
	out, err := c.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for name := range strings.FieldsSeq(string(out)) {
		name = strings.TrimPrefix(name, "github.com/sciabarracom/openwhisk-runtime-go/")
		if name != "runtime" && !strings.HasPrefix(name, "internal/") {
			packages = append(packages, name)
		}
	}
	slices.Sort(packages)
	return packages
}

// environment is that of a go command for linux/amd64.
func environment() []string {
	return append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64", "GOAMD64=", "GOFLAGS=", "GOEXPERIMENT=")
}
