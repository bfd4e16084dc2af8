package buildkit_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit/daemontest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/embedded"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// buildAll builds an image for each name and compares it with that of the embedded engine.
func buildAll(t *testing.T, e *buildkit.Engine, names []string) {
	t.Helper()
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(4)
	for _, name := range names {
		made := plans(t, name)
		group.Go(func() error {
			want, err := embedded.Engine{}.Build(ctx, made)
			if err != nil {
				return err
			}
			got, err := e.Build(ctx, made)
			if err != nil {
				return err
			}
			a, _ := want.Digest()
			b, _ := got.Digest()
			if a != b {
				return fmt.Errorf("%s: got %s, want %s", name, b, a)
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}

// builtOnce reports images that were not built exactly once, and returns how many each builder has built.
func builtOnce(t *testing.T, shown *lines, names []string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, name := range names {
		found := shown.with("done: " + name + ": build on ")
		if len(found) != 1 {
			t.Errorf("%s was built %d times: %v", name, len(found), found)
			continue
		}
		_, rest, _ := strings.Cut(found[0], ": build on ")
		address, _, _ := strings.Cut(rest, " (")
		counts[address]++
	}
	return counts
}

// TestHanging holds that an image moves on to another builder when its own accepts the connection and says nothing, or
// falls silent.
func TestHanging(t *testing.T) {
	t.Parallel()
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	stopped, good := daemontest.Start(t, t.TempDir()), builder(t)
	shown := &lines{}
	e := open(t, buildkit.Options{Builders: []string{"tcp://" + silent.Addr().String(), stopped.Address, good}, Display: shown.display(), Patience: 5 * time.Second})
	names := strings.Split("abcdefghijkl", "")
	buildAll(t, e, names) // every builder is the first of some
	if err := stopped.Process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	shown.buffer.Reset()
	buildAll(t, e, names)
	if counts := builtOnce(t, shown, names); counts[good] != len(names) {
		t.Errorf("the builder that answers has built %v", counts)
	}
}

func TestDiskFull(t *testing.T) {
	t.Parallel()
	small := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=10m", "none", small).CombinedOutput(); err != nil {
		t.Skipf("a small file system cannot be mounted: %s", out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", small).Run() })
	full := daemontest.Start(t, small)
	content := make([]byte, 12<<20)
	if _, err := rand.Read(content); err != nil {
		t.Fatal(err)
	}
	big, err := layer.NewMaker(time.Unix(0, 0), cache.Dir{}).New(t.Context(), "big", []layer.File{layer.Regular("big", 0o644, content)})
	if err != nil {
		t.Fatal(err)
	}
	made := plans(t, "big")[:1]
	made[0].Layers = append(made[0].Layers, big)

	e := open(t, buildkit.Options{Builders: []string{full.Address}})
	if _, err := e.Build(t.Context(), made); err == nil || !strings.Contains(err.Error(), full.Address+": its disk is full") {
		t.Errorf("got %v", err)
	}
}

// TestInterrupted holds that the builder stops what it does when the build is told to.
func TestInterrupted(t *testing.T) {
	t.Parallel()
	own := daemontest.Start(t, t.TempDir())
	e := open(t, buildkit.Options{Builders: []string{own.Address}})
	made := plans(t, "x")[:1]
	asked, let := make(chan struct{}), make(chan struct{})
	made[0].Layers[0].Layer = &endless{Layer: made[0].Layers[0].Layer, asked: asked, let: let}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-asked
		cancel()
	}()
	_, err := e.Build(ctx, made)
	if !errors.Is(err, ctx.Err()) || ctx.Err() == nil {
		t.Errorf("got %v, want that it was cancelled", err)
	}
	close(let)
	testkit.Await(t, "the builder has stopped", func() bool { return len(running(t, own)) == 0 })
}

// endless is a layer that is not read to its end before somebody lets it.
type endless struct {
	v1.Layer
	once       sync.Once
	asked, let chan struct{}
}

func (e *endless) Compressed() (io.ReadCloser, error) {
	e.once.Do(func() { close(e.asked) })
	<-e.let
	return e.Layer.Compressed()
}

// TestBuilderComesBack holds that an image waits for a builder that is being started anew, when no other is left.
func TestBuilderComesBack(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "builder") // t.TempDir is too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	root, address := t.TempDir(), "unix://"+filepath.Join(dir, "sock")
	own := daemontest.Start(t, root, "--addr", address)
	shown := &lines{}
	e := open(t, buildkit.Options{Builders: []string{address}, Display: shown.display(), Patience: time.Minute})
	buildAll(t, e, []string{"a"})
	own.Kill(t)
	var building sync.WaitGroup
	building.Go(func() { buildAll(t, e, []string{"b", "c", "d", "e"}) })
	testkit.Await(t, "the builder is lost", func() bool { return len(shown.with("is lost")) > 0 })
	daemontest.Start(t, root, "--addr", address)
	building.Wait()
	if again := shown.with("builder " + address + " is there again"); len(again) != 1 {
		t.Errorf("it was shown: %s", shown.String())
	}
}

// TestBuilderStaysAway holds that a builder that does not come back is waited for once, and not by every image.
func TestBuilderStaysAway(t *testing.T) {
	t.Parallel()
	own := daemontest.Start(t, t.TempDir())
	e := open(t, buildkit.Options{Builders: []string{own.Address}, Patience: time.Second})
	buildAll(t, e, []string{"a"})
	own.Kill(t)
	for _, name := range []string{"b", "c"} {
		if _, err := e.Build(t.Context(), plans(t, name)); err == nil || !strings.HasPrefix(err.Error(), "build "+name+": builder "+own.Address+": ") {
			t.Errorf("got %v", err)
		}
	}
}
