package plan

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"
)

// TestTrimSaves holds that the files that shipped stemcells leave out have the size that their lines say, give or take
// a tenth. The sizes are of the packages in the mirror of ci/test; others may differ.
func TestTrimSaves(t *testing.T) {
	mirror, release := os.Getenv("MKIMAGE_ALPINE_MIRROR"), os.Getenv("MKIMAGE_ALPINE_RELEASE")
	if mirror == "" || release != "v3.19" {
		t.Skip("needs a mirror of Alpine v3.19 in $MKIMAGE_ALPINE_MIRROR, with $MKIMAGE_ALPINE_RELEASE and $MKIMAGE_ALPINE_KEYS")
	}
	store, err := cache.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	source, err := apkfs.Open(mirror, filepath.SplitList(os.Getenv("MKIMAGE_ALPINE_KEYS")), store)
	if err != nil {
		t.Fatal(err)
	}
	set, err := stemcells.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for name, stemcell := range set {
		if len(stemcell.Packages) == 0 {
			continue
		}
		world := World(images.Definition{Base: images.Alpine}, []stemcells.Stemcell{stemcell}, release, images.LinuxAMD64)
		pins, err := source.Resolve(t.Context(), world)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := source.Install(t.Context(), world, pins)
		if err != nil {
			t.Fatal(err)
		}
		for _, trim := range stemcell.Trim {
			saves, err := images.ParseSize(trim.Saves)
			if err != nil {
				t.Fatal(err)
			}
			got := tree.Trimmed[trim.Path]
			if got < int64(saves)*9/10 || got > int64(saves)*11/10 {
				t.Errorf("%s: %s saves %d bytes, the stemcell says %s", name, trim.Path, got, trim.Saves)
			}
			if strings.TrimSpace(trim.Why) == "" {
				t.Errorf("%s: it is not told why %s is left out", name, trim.Path)
			}
		}
	}
}
