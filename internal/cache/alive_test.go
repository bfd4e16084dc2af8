//go:build unix || windows

package cache

import (
	"os"
	"os/exec"
	"slices"
	"testing"
)

// TestAlive holds that an owner counts as killed as soon as its process has ended, and only in its own place.
func TestAlive(t *testing.T) {
	if dir := os.Getenv("ALIVE_IN"); dir != "" { // the process that ends without a release
		store, err := Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		store.Alive("here")
		os.Exit(0)
	}
	store, err := Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	owner, release := store.Alive("here")
	if got := store.Killed("here"); owner == "" || got != nil {
		t.Fatalf("owner %q lives, killed are %q", owner, got)
	}
	release()
	other := exec.Command(os.Args[0], "-test.run=^TestAlive$")
	other.Env = append(os.Environ(), "ALIVE_IN="+store.Path())
	if said, err := other.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, said)
	}
	killed := store.Killed("here")
	if len(killed) != 1 || slices.Contains(killed, owner) || store.Killed("elsewhere") != nil || store.Killed("her") != nil {
		t.Errorf("killed are %q; elsewhere %q", killed, store.Killed("elsewhere"))
	}
	if usage, err := store.Usage(); err != nil || usage != nil {
		t.Errorf("it counts as an entry: %v, %v", usage, err)
	}
	for _, each := range killed {
		store.Forget(each)
	}
	if got := store.Killed("here"); got != nil {
		t.Errorf("killed are still %q", got)
	}
}
