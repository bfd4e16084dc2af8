package doctor

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// TestGoWarns holds that the version of Go is told without what the go command warns of.
func TestGoWarns(t *testing.T) {
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("no go command here")
	}
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir) // go warns of a module there
	if err := os.WriteFile(filepath.Join(dir, "go.mod"), []byte("module example.com/stray\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if got := goCommand(t.Context(), Options{}); got.State != OK || !strings.HasPrefix(got.Detail, "go1.") {
		t.Errorf("got %+v", got)
	}
}
