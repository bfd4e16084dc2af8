package layer

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
)

// counted is a recipe that counts how often its files are asked for.
type counted struct {
	Recipe
	asked int
}

func newCounted(key string, parts ...Part) *counted {
	c := &counted{}
	c.Recipe = Recipe{Key: key, Parts: func(context.Context) ([]Part, error) {
		c.asked++
		return parts, nil
	}}
	return c
}

func twoParts() []Part {
	return []Part{{"base", example()}, {"empty", nil}, {"top", []File{Regular("top", 0o644, []byte("top\n"))}}}
}

// keeping returns a maker with a new cache, and the cache's folder.
func keeping(t *testing.T) (*Maker, string) {
	t.Helper()
	dir := t.TempDir()
	store, err := cache.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	return NewMaker(time.Unix(0, 0), store), dir
}

func makeAll(t *testing.T, maker *Maker, recipe Recipe) []Layer {
	t.Helper()
	layers, err := maker.Make(t.Context(), recipe)
	if err != nil {
		t.Fatal(err)
	}
	return layers
}

func TestWhatIsKnownIsNotMade(t *testing.T) {
	maker, _ := keeping(t)
	recipe := newCounted("key", twoParts()...)
	first, second := makeAll(t, maker, recipe.Recipe), makeAll(t, maker, recipe.Recipe)
	if len(first) != 2 || recipe.asked != 1 {
		t.Errorf("%d layers, made %d times, want 2 and 1", len(first), recipe.asked)
	}
	for i := range first {
		if sum(t, first[i]) != sum(t, second[i]) || first[i].TarSize != second[i].TarSize || !cmp.Equal(first[i].Entries, second[i].Entries) {
			t.Errorf("layer %d: %+v is known as %+v", i, first[i], second[i])
		}
	}
	if first[0].Name != "base" || len(first[0].Entries) != len(example()) {
		t.Errorf("%s has %v", first[0].Name, first[0].Entries)
	}
	if makeAll(t, maker, newCounted("other", Part{"base", example()}).Recipe); recipe.asked != 1 {
		t.Error("another recipe asks the first one")
	}
	later := NewMaker(time.Unix(1, 0), maker.store)
	if other := makeAll(t, later, recipe.Recipe); recipe.asked != 2 || sum(t, other[0]) == sum(t, first[0]) {
		t.Error("layers of another time are taken for these")
	}
}

func TestSeveralAtOnceMakeOnce(t *testing.T) {
	maker, _ := keeping(t)
	recipe := newCounted("key", twoParts()...)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			if _, err := maker.Make(t.Context(), recipe.Recipe); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	if recipe.asked != 1 {
		t.Errorf("made %d times", recipe.asked)
	}
}

// TestSeveralBuildsShareACache has makers that know nothing of each other, as those of several programs do.
func TestSeveralBuildsShareACache(t *testing.T) {
	first, _ := keeping(t)
	want := makeAll(t, NewMaker(time.Unix(0, 0), cache.Dir{}), newCounted("key", twoParts()...).Recipe)
	var group sync.WaitGroup
	for range 8 {
		maker := NewMaker(time.Unix(0, 0), first.store)
		group.Go(func() {
			got, err := maker.Make(t.Context(), newCounted("key", twoParts()...).Recipe)
			if err != nil || len(got) != len(want) {
				t.Errorf("got %v, %v", got, err)
				return
			}
			for i, l := range got {
				if err := validate.Layer(l); err != nil || sum(t, l) != sum(t, want[i]) {
					t.Errorf("layer %s: %v", l.Name, err)
				}
			}
		})
	}
	group.Wait()
}

// TestLostBytesAreMadeAgain deletes the bytes of a layer after it is known, and before they are read.
func TestLostBytesAreMadeAgain(t *testing.T) {
	for name, lose := range map[string]func(file string) error{
		"gone":    os.Remove,
		"changed": func(file string) error { return os.WriteFile(file, []byte(strings.Repeat("x", 200)), 0o666) },
	} {
		t.Run(name, func(t *testing.T) {
			maker, dir := keeping(t)
			recipe := newCounted("key", twoParts()...)
			layers := makeAll(t, maker, recipe.Recipe)
			files, _ := filepath.Glob(filepath.Join(dir, blobKind, "*"))
			for _, file := range files {
				if err := lose(file); err != nil {
					t.Fatal(err)
				}
			}
			for _, l := range layers {
				content, err := l.Compressed()
				if err != nil {
					t.Fatal(err)
				}
				n, err := io.Copy(io.Discard, content)
				if size, _ := l.Size(); n != size || err != nil || content.Close() != nil {
					t.Errorf("layer %s: read %d of %d bytes, %v", l.Name, n, size, err)
				}
			}
			if recipe.asked != 2 {
				t.Errorf("made %d times, want 2", recipe.asked)
			}
		})
	}
}

// TestLostBytesDoNotWaitForWhatIsKnown has another image ask for the layers, which still knows the lost ones, while
// they are made again.
func TestLostBytesDoNotWaitForWhatIsKnown(t *testing.T) {
	maker, dir := keeping(t)
	recipe := newCounted("key", twoParts()...).Recipe
	layers := makeAll(t, maker, recipe)
	if err := os.RemoveAll(filepath.Join(dir, blobKind)); err != nil {
		t.Fatal(err)
	}
	started, release := make(chan bool), make(chan bool)
	go maker.flights.Do(maker.key(recipe), func() (any, error) {
		close(started)
		<-release
		return []made(nil), nil
	})
	<-started
	defer close(release)
	content, err := layers[0].Compressed()
	if err != nil {
		t.Fatal(err)
	}
	if err := content.Close(); err != nil {
		t.Error(err)
	}
}

func TestARecipeThatGivesOtherFilesIsRefused(t *testing.T) {
	maker, dir := keeping(t)
	content := "first"
	layers := makeAll(t, maker, Recipe{Key: "key", Parts: func(context.Context) ([]Part, error) {
		return []Part{{"x", []File{Regular("file", 0o644, []byte(content))}}}, nil
	}})
	if err := os.RemoveAll(filepath.Join(dir, blobKind)); err != nil {
		t.Fatal(err)
	}
	content = "second"
	if _, err := layers[0].Uncompressed(); err == nil || !strings.Contains(err.Error(), "has become another one") {
		t.Errorf("got %v", err)
	}
}

func TestUnreadLayersAreNotOpened(t *testing.T) {
	maker, dir := keeping(t)
	layers := makeAll(t, maker, newCounted("key", twoParts()...).Recipe)
	if err := os.RemoveAll(filepath.Join(dir, blobKind)); err != nil {
		t.Fatal(err)
	}
	content, err := layers[0].Compressed()
	if err != nil || content.Close() != nil {
		t.Error(err)
	}
	if entries, _ := os.ReadDir(filepath.Join(dir, blobKind)); len(entries) > 0 {
		t.Error("the layer was made for nobody")
	}
}

// TestMadeLayersAreKnown holds that a layer is not unpacked after it was made, and that the description kept of it
// equals its unpacked bytes.
func TestMadeLayersAreKnown(t *testing.T) {
	maker, _ := keeping(t)
	for _, made := range makeAll(t, maker, newCounted("key", twoParts()...).Recipe) {
		found, err := content.Of(unreadable{made}, maker.store)
		if err != nil {
			t.Fatal(err)
		}
		stored, err := made.Compressed()
		if err != nil {
			t.Fatal(err)
		}
		want, err := content.Scan(stored)
		if err := errors.Join(err, stored.Close()); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, found); diff != "" {
			t.Errorf("%s: %s", made.Name, diff)
		}
	}
}

// TestFilesThatChange holds that no layer is made of files that change meanwhile.
func TestFilesThatChange(t *testing.T) {
	maker, _ := keeping(t)
	var read atomic.Bool
	file := Regular("x", 0o644, []byte("a"))
	file.Open = func() (io.ReadCloser, error) {
		if read.Swap(true) {
			return io.NopCloser(strings.NewReader("b")), nil
		}
		return io.NopCloser(strings.NewReader("a")), nil
	}
	changing := Recipe{Key: "key", Parts: func(context.Context) ([]Part, error) { return []Part{{"x", []File{file}}}, nil }}
	if _, err := maker.Make(t.Context(), changing); !errors.Is(err, errChanged) {
		t.Errorf("got %v", err)
	}
}

// unreadable is a layer whose bytes nobody can have.
type unreadable struct{ Layer }

func (unreadable) Compressed() (io.ReadCloser, error) { return nil, errors.New("it is unpacked again") }
func (unreadable) Uncompressed() (io.ReadCloser, error) {
	return nil, errors.New("it is unpacked again")
}
