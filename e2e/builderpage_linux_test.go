package e2e

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit/daemontest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

var (
	block = regexp.MustCompile("(?ms)^```\n(.*?)^```$")
	pem   = regexp.MustCompile(`[a-z-]+\.pem`)
)

// TestBuildersPageTLS types the commands of docs/buildkit.md for a daemon with TLS. Only its address and the places of
// files differ.
func TestBuildersPageTLS(t *testing.T) {
	t.Parallel()
	needProgram(t, "openssl")
	_, section, found := strings.Cut(string(read(t, "../docs/buildkit.md")), "\n## A daemon with TLS\n")
	if !found {
		t.Fatal("docs/buildkit.md has no such section any more")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	blocks := block.FindAllStringSubmatch(section, -1)
	if len(blocks) != 3 {
		t.Fatalf("the section has %d blocks, want certificates, daemon, build", len(blocks))
	}
	dir, address := t.TempDir(), "localhost:"+testkit.Port(t)
	typed := func(text string) []string {
		text = pem.ReplaceAllStringFunc(text, func(name string) string { return filepath.Join(dir, name) })
		return strings.Fields(strings.NewReplacer("0.0.0.0:1234", address, "builder.example.org:1234", address).Replace(text))
	}

	certificates := exec.Command("bash", "-eu", "-c", blocks[0][1])
	certificates.Dir = dir
	if text, err := certificates.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	daemontest.Start(t, t.TempDir(), typed(blocks[1][1])[1:]...)
	build := append(typed(blocks[2][1])[1:], "scratch")
	want, _ := mkimage(t, "build", "scratch")
	if got, _ := mkimage(t, build...); got != want {
		t.Errorf("%s: got %s, want %s", strings.Join(build, " "), got, want)
	}
}
