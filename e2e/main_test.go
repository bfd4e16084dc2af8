// Package e2e tests what mkimage makes against the real parts: a Docker Engine runs the images, a registry keeps them,
// skopeo pulls them, qemu runs the arm64 proxy, bash and jq run an action. A part that is absent skips its tests and
// says why; with CI=true it fails them. This starts the parts and the tests:
//
//	eval "$(ci/services)"
//	go test ./e2e
package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// built holds the programs that the tests start, compiled once by TestMain.
var built struct {
	mkimage string // the command
	v1, v0  string // testdata/v1 and testdata/v0, for this machine's images
}

func TestMain(m *testing.M) {
	testkit.Main(withImages{m},
		testkit.Program{File: &built.mkimage, Source: "../cmd/mkimage"},
		testkit.Program{File: &built.v1, Source: "testdata/v1"},
		testkit.Program{File: &built.v0, Source: "testdata/v0"})
}

// mkimage runs the command in an empty directory and returns its stdout, without the last newline, and that directory.
func mkimage(t *testing.T, args ...string) (stdout, dir string) {
	t.Helper()
	dir = t.TempDir()
	return output(t, dir, built.mkimage, args...), dir
}

// output runs a program in dir and returns its stdout, without space at the ends.
func output(t *testing.T, dir, program string, args ...string) string {
	t.Helper()
	var stderr strings.Builder
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Stderr = dir, &stderr
	text, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", filepath.Base(program), strings.Join(args, " "), err, &stderr)
	}
	return strings.TrimSpace(string(text))
}
