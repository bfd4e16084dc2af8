package apkfs

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

// TestFormat fails when the same packages give other files than they did. Then raise Format, so that nobody takes what
// an older mkimage has kept in the cache for ours, and write the new digest here.
func TestFormat(t *testing.T) {
	const want = "apkfs 2: 08639b71f9c89384f25283dd1941c943cdfe81b20d7d33adb8a6fe4248526e0b"
	mirror := newWritten(t)
	tree := install(t, openMirror(t, mirror.Dir, mirror.KeyFile), world())
	sum := sha256.New()
	for _, files := range tree.Layers {
		slices.SortFunc(files, func(a, b layer.File) int { return strings.Compare(a.Path, b.Path) })
		for _, file := range files {
			fmt.Fprintf(sum, "%s %v %d:%d %s\n", file.Path, file.Mode, file.UID, file.GID, file.Link)
			if file.Open == nil {
				continue
			}
			for line := range bytes.Lines(bytesOf(t, file)) {
				if key, _, _ := strings.Cut(string(line), ":"); file.Path != database || key != "C" && key != "S" { // of the test's compressor
					sum.Write(line)
				}
			}
		}
	}
	if got := fmt.Sprintf("%s: %x", Format, sum.Sum(nil)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
