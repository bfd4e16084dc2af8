package wsk

import (
	"archive/tar"
	"bytes"
	"io"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// counted is a layer that counts how often its bytes are read.
type counted struct {
	v1.Layer
	reads *int
}

func (c counted) Compressed() (io.ReadCloser, error) {
	*c.reads++
	return c.Layer.Compressed()
}

// imageOf returns an image with one file in each layer, given as pairs of history text and path, and the number of
// reads of each layer.
func imageOf(t *testing.T, pairs ...string) (v1.Image, []int) {
	t.Helper()
	img, reads := empty.Image, make([]int, len(pairs)/2)
	for i := range reads {
		archive := testkit.Layer(t, tar.Header{Name: pairs[2*i+1], Typeflag: tar.TypeReg, Mode: 0o755})
		layer, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive)), nil })
		if err != nil {
			t.Fatal(err)
		}
		addendum := mutate.Addendum{Layer: counted{layer, &reads[i]}, History: v1.History{CreatedBy: pairs[2*i]}}
		if img, err = mutate.Append(img, addendum); err != nil {
			t.Fatal(err)
		}
	}
	clear(reads) // of mutate
	return img, reads
}

// TestIsEmpty holds which images are called empty, and that layers are read once, and only if they may hold an action.
func TestIsEmpty(t *testing.T) {
	for _, test := range []struct {
		name                   string
		pairs                  []string
		emptyHere, emptyRemote bool
		reads                  []int
	}{
		{"without an action", []string{"mkimage base", "etc/passwd", "mkimage proxy", "bin/proxy"}, true, true, []int{0, 0}},
		{"with an action", []string{"mkimage base", "etc/passwd", "mkimage action", "./action/exec"}, false, false, []int{0, 1}},
		{"with a step on top", []string{"mkimage action", "action/exec", "mkimage step", "etc/x"}, false, false, []int{1, 1}},
		{"of others, with a program", []string{"RUN make", "action/exec"}, false, false, []int{1}},
		{"of others, with a layer that is called base", []string{"base", "action/exec"}, false, false, []int{1}},
		{"of others", []string{"RUN make", "usr/bin/python3"}, true, false, []int{1}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Setenv("XDG_CACHE_HOME", t.TempDir())
			t.Setenv("MKIMAGE_CACHE_DIR", "")
			img, reads := imageOf(t, test.pairs...)
			for range 2 {
				if got, err := isEmpty(img, false); err != nil || got != test.emptyHere {
					t.Errorf("here: got %t, %v", got, err)
				}
				if got, err := isEmpty(img, true); err != nil || got != test.emptyRemote {
					t.Errorf("in a registry: got %t, %v", got, err)
				}
			}
			for i, want := range test.reads {
				if reads[i] != want {
					t.Errorf("layer %d is read %d times, want %d", i, reads[i], want)
				}
			}
		})
	}
}

// TestIsEmptyByLabel holds that the label of an action is enough, and no layer is read then.
func TestIsEmptyByLabel(t *testing.T) {
	img, reads := imageOf(t, "mkimage base", "etc/passwd", "mkimage action", "action/main.sh")
	img, err := mutate.Config(img, v1.Config{Labels: map[string]string{plan.ActionLabel: "main.sh"}})
	if err != nil {
		t.Fatal(err)
	}
	clear(reads)
	if got, err := isEmpty(img, true); err != nil || got || reads[1] != 0 {
		t.Errorf("got %t, %v; the action was read %d times", got, err, reads[1])
	}
}
