package buildkit_test

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"golang.org/x/sync/errgroup"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/embedded"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

// fifty returns the names of the images that a fleet builds.
func fifty() []string {
	var names []string
	for i := range 50 {
		names = append(names, fmt.Sprintf("image-%02d", i))
	}
	return names
}

// buildAll builds an image for each name and compares it with that of the embedded engine. done is called after each.
func buildAll(t *testing.T, e *buildkit.Engine, names []string, done func()) {
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
			done()
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Error(err)
	}
}

// builtOnce reports images that were not built exactly once, and returns how many each builder has built.
func builtOnce(t *testing.T, told *lines, names []string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, name := range names {
		found := told.with("done: " + name + ": build on ")
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

func TestThreeBuilders(t *testing.T) {
	fleet := []*daemon{start(t, t.TempDir()), start(t, t.TempDir()), start(t, t.TempDir())}
	addresses := []string{fleet[0].address, fleet[1].address, fleet[2].address}

	t.Run("share the work", func(t *testing.T) {
		told := &lines{}
		e := open(t, buildkit.Options{Builders: addresses, Images: fifty(), Display: told.display(), Patience: time.Minute})
		buildAll(t, e, fifty(), func() {})
		counts := builtOnce(t, told, fifty())
		t.Log("of 50 solves, the builders had ", counts)
		for _, address := range addresses {
			if n := counts[address]; n < 13 || n > 21 {
				t.Errorf("%s has built %d of 50 images, want 25 %% to 42 %%", address, n)
			}
		}
	})
	t.Run("one is killed", func(t *testing.T) {
		told := &lines{}
		e := open(t, buildkit.Options{Builders: addresses, Images: fifty(), Display: told.display()})
		var built atomic.Int32
		buildAll(t, e, fifty(), func() {
			if built.Add(1) == 15 {
				fleet[1].kill(t)
			}
		})
		t.Log("the builders had ", builtOnce(t, told, fifty()))
		if len(told.with(addresses[1]+" is lost: ")) != 1 {
			t.Errorf("want one line that the builder is lost, got %v", told.with("is lost"))
		}
	})
	t.Run("none is left", func(t *testing.T) {
		fleet[0].kill(t)
		fleet[2].kill(t)
		e := open(t, buildkit.Options{Builders: addresses})
		_, err := e.Build(t.Context(), plans(t, "x"))
		if err == nil || !strings.Contains(err.Error(), "none of 3 builders is left") {
			t.Fatalf("got %v", err)
		}
		for _, address := range addresses {
			if !strings.Contains(err.Error(), address+": ") {
				t.Errorf("%s is missing in %v", address, err)
			}
		}
	})
}

// TestHanging holds that an image goes on when its builder takes the connection and says nothing, or stops saying
// something.
func TestHanging(t *testing.T) {
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	stopped, good := start(t, t.TempDir()), builder(t)
	told := &lines{}
	e := open(t, buildkit.Options{Builders: []string{"tcp://" + silent.Addr().String(), stopped.address, good}, Display: told.display(), Patience: 5 * time.Second})
	names := fifty()[:12]
	buildAll(t, e, names, func() {}) // every builder is the first of some
	if err := stopped.process.Signal(syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	told.buffer.Reset()
	buildAll(t, e, names, func() {})
	if counts := builtOnce(t, told, names); counts[good] != len(names) {
		t.Errorf("the builder that answers has built %v", counts)
	}
}

func TestDiskFull(t *testing.T) {
	small := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size=24m", "none", small).CombinedOutput(); err != nil {
		t.Skipf("a small file system cannot be mounted: %s", out)
	}
	t.Cleanup(func() { _ = exec.Command("umount", "-l", small).Run() })
	full := start(t, small)
	content := make([]byte, 32<<20)
	if _, err := rand.Read(content); err != nil {
		t.Fatal(err)
	}
	big, err := layer.NewMaker(time.Unix(0, 0), cache.Dir{}).New(t.Context(), "big", []layer.File{layer.Regular("big", 0o644, content)})
	if err != nil {
		t.Fatal(err)
	}
	made := plans(t, "big")[:1]
	made[0].Layers = append(made[0].Layers, big)

	e := open(t, buildkit.Options{Builders: []string{full.address}})
	if _, err := e.Build(t.Context(), made); err == nil || !strings.Contains(err.Error(), full.address+": its disk is full") {
		t.Errorf("got %v", err)
	}
}

// TestInterrupted holds that the builder stops what it does when the build is told to.
func TestInterrupted(t *testing.T) {
	own := start(t, t.TempDir())
	e := open(t, buildkit.Options{Builders: []string{own.address}})
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
	for len(own.running(t)) > 0 {
		time.Sleep(50 * time.Millisecond)
	}
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
