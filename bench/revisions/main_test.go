//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

var update = flag.Bool("update", false, "write the golden files")

func TestParse(t *testing.T) {
	for line, want := range map[string]options{
		"HEAD~1":                           {base: "HEAD~1", rounds: 15, divide: 1},
		"HEAD~1 --quick":                   {base: "HEAD~1", rounds: 10, divide: 3},
		"--rounds 30 v1.0.0 --new main":    {base: "v1.0.0", next: "main", rounds: 30, divide: 1},
		"main --quick --rounds 8 --json f": {base: "main", rounds: 8, divide: 3, json: "f"},
	} {
		if got, err := parse(strings.Fields(line)); err != nil || got != want {
			t.Errorf("%s: got %+v, %v", line, got, err)
		}
	}
	for _, line := range []string{"", "a b", "--quick", "HEAD --rounds 6", "HEAD --rounds -1", "HEAD --rounds x", "HEAD --fast"} {
		if got, err := parse(strings.Fields(line)); err == nil || strings.Contains(err.Error(), "\n") {
			t.Errorf("%q: got %+v, error %v", line, got, err)
		}
	}
}

// repository makes a git repository of one commit with a module that does not compile.
func repository(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":                        "module example.com/m\n\ngo 1.26\n",
		"cmd/mkimage/main.go":           "package main\n\nfunc main() { missing() }\n",
		"bench/actions/library/main.go": "package main\n\nfunc main() { missing() }\n",
	} {
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	for _, args := range [][]string{{"init", "-q"}, {"add", "-A"}, {"-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "Break it"}} {
		if out, err := exec.Command("git", append([]string{"-C", dir}, args...)...).CombinedOutput(); err != nil {
			t.Fatalf("git %v: %v %s", args, err, out)
		}
	}
	return dir
}

// TestCheckout holds that a revision is checked out without the changes of the working tree, and that a mistake in its
// name is told in a line.
func TestCheckout(t *testing.T) {
	root := repository(t)
	if err := os.WriteFile(filepath.Join(root, "new"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	r, err := checkout(t.Context(), root, filepath.Join(t.TempDir(), "a"), "HEAD")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(r.name, " Break it") {
		t.Errorf("name %q", r.name)
	}
	if _, err := os.Stat(filepath.Join(r.source, "new")); err == nil {
		t.Error("it has a file of the working tree")
	}
	err = r.build(t.Context())
	if err == nil || strings.Contains(err.Error(), "\n") || !strings.Contains(err.Error(), "undefined: missing") || !strings.HasPrefix(err.Error(), r.name) {
		t.Errorf("error %v", err)
	}
	_, err = checkout(t.Context(), root, filepath.Join(t.TempDir(), "b"), "no-such")
	var exit rounds.Exit
	if !errors.As(err, &exit) || exit.Status != wrongUse || !strings.Contains(err.Error(), `"no-such"`) {
		t.Errorf("error %v", err)
	}
	if err := os.Remove(filepath.Join(root, "go.mod")); err != nil {
		t.Fatal(err)
	}
	r, err = checkout(t.Context(), root, filepath.Join(t.TempDir(), "c"), "")
	if err != nil {
		t.Fatal(err)
	}
	_, added := os.Stat(filepath.Join(r.source, "new"))
	_, removed := os.Stat(filepath.Join(r.source, "go.mod"))
	if added != nil || removed == nil {
		t.Errorf("the working tree has a new file: %v, and one that was removed: %v", added, removed)
	}
}

// example are the results of eight rounds in which one measure is slower and one was measured too rarely.
func example() results {
	record := &report.Record{}
	for round := range 8 {
		add := func(scenario, figure string, a, b float64) {
			record.Add(round, report.Point{Scenario: scenario, Server: sideA, Figure: figure}, a)
			record.Add(round, report.Point{Scenario: scenario, Server: sideAgain, Figure: figure}, a+float64(round%2)/10)
			record.Add(round, report.Point{Scenario: scenario, Server: sideB, Figure: figure}, b)
		}
		add("v1, one connection", rounds.P50, 20, 26)
		add("v1, 100 connections", rounds.Rate, 30_000, 30_100)
		if round < 3 {
			add("cold start, v1", rounds.First, 3, 3)
		}
	}
	base, next := &revision{name: "0fb85f9 Name a plain folder", sizes: map[string]int64{}}, &revision{name: "the working tree", sizes: map[string]int64{}}
	for i, name := range []string{proxySize, mkimageSize, imageSize("scratch"), imageSize("hello")} {
		base.sizes[name], next.sizes[name] = 1000, int64(1001-i)
	}
	all := conclude(record, []measure{{"v1, one connection", rounds.P50, false}, {"v1, 100 connections", rounds.Rate, true}, {"cold start, v1", rounds.First, false}}, base, next, 8)
	all.Machine = "one"
	return all
}

func TestWrite(t *testing.T) {
	var got bytes.Buffer
	if err := example().write(&got); err != nil {
		t.Fatal(err)
	}
	testkit.Golden(t, "testdata/table.txt", got.Bytes(), *update)
}

// TestErr holds that a slower measure counts more than a missing one, and that sizes do not count.
func TestErr(t *testing.T) {
	all := example()
	var exit rounds.Exit
	if err := all.err(); !errors.As(err, &exit) || exit.Status != isSlower || err.Error() != "slower: v1, one connection: p50 µs (B ÷ A is 1.30)" {
		t.Errorf("error %v", err)
	}
	all.Measures = all.Measures[1:]
	if err := orUnmeasured(t.Context(), all.err()); !errors.As(err, &exit) || exit.Status != unmeasured || err.Error() != "not measured: cold start, v1: first answer ms" {
		t.Errorf("error %v", err)
	}
	all.Measures = all.Measures[:1]
	if err := orUnmeasured(t.Context(), all.err()); err != nil {
		t.Errorf("error %v", err)
	}
}

// canceling ends a context when something is written.
type canceling context.CancelFunc

func (c canceling) Write(p []byte) (int, error) {
	c()
	return len(p), nil
}

// TestInterrupt holds that a comparison that is interrupted while it builds leaves no folder, and is not reported as
// slower.
func TestInterrupt(t *testing.T) {
	t.Chdir(repository(t))
	t.Setenv("TMPDIR", t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	var exit rounds.Exit
	err := check(ctx, options{base: "HEAD", rounds: leastRounds, divide: 3}, new(bytes.Buffer), canceling(cancel))
	if !errors.As(err, &exit) || exit.Status != unmeasured || err.Error() != "interrupted" {
		t.Errorf("error %v", err)
	}
	if left, err := os.ReadDir(os.Getenv("TMPDIR")); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
