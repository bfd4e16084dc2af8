package rules

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"testing"
)

var long = flag.Bool("long", os.Getenv("LONG") != "", "more clients, runs and bytes (also: LONG=1)")

// binaries are what the tests start, compiled once.
var binaries struct {
	proxy  string // as images have it
	race   string // with the race detector, "" where it cannot be built
	action string // testdata/action
}

func TestMain(m *testing.M) {
	flag.Set("test.parallel", "8")  // they wait more than they work
	debug.SetMemoryLimit(256 << 20) // the race detector takes several times as much
	flag.Parse()
	dir, err := os.MkdirTemp("", "rules-*")
	if err == nil {
		err = os.Chmod(dir, 0o755) // tests under another user read it
	}
	if err == nil {
		err = compile(dir)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	status := m.Run()
	os.RemoveAll(dir)
	os.Exit(status)
}

func compile(dir string) error {
	build := func(name, source, cgo string, flags ...string) (string, error) {
		path := filepath.Join(dir, name)
		args := append([]string{"build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", path}, flags...)
		c := exec.Command("go", append(args, source)...)
		c.Env = append(os.Environ(), "CGO_ENABLED="+cgo)
		if out, err := c.CombinedOutput(); err != nil {
			return "", fmt.Errorf("build %s: %v\n%s", source, err, out)
		}
		return path, nil
	}
	var err error
	if binaries.proxy, err = build("proxy", "..", "0"); err != nil {
		return err
	}
	if binaries.action, err = build("action", "./testdata/action", "0"); err != nil {
		return err
	}
	if binaries.race, err = build("proxy-race", "..", "1", "-race"); err != nil {
		fmt.Fprintln(os.Stderr, "no race detector:", err)
	}
	return nil
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
