package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// A gate is a file that one side waits for and the other makes: the test, or an
// action (steps "await" and "touch").
type gate struct {
	t    testing.TB
	file string
}

func newGate(t testing.TB) gate {
	t.Helper()
	dir := t.TempDir()
	for d := dir; strings.HasPrefix(d, os.TempDir()+"/"); d = filepath.Dir(d) {
		os.Chmod(d, 0o777) // for actions of other users
	}
	return gate{t, filepath.Join(dir, "gate")}
}

func (g gate) open() {
	g.t.Helper()
	if err := os.WriteFile(g.file, nil, 0o644); err != nil {
		g.t.Fatal(err)
	}
}

func (g gate) await() {
	g.t.Helper()
	testkit.Await(g.t, "the action has come so far", func() bool {
		_, err := os.Stat(g.file)
		return err == nil
	})
}
