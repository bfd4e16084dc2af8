package action

import (
	"fmt"
	"runtime"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
)

// TestZipOfManyFiles holds that each small file takes little memory: a compressor has more than a megabyte.
func TestZipOfManyFiles(t *testing.T) {
	var files []layer.File
	for i := range 200 {
		files = append(files, layer.Regular(fmt.Sprintf("%s/%d", Dir, i), 0o644, []byte("text")))
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := Zip(files, 1<<20); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if each := (after.TotalAlloc - before.TotalAlloc) / uint64(len(files)); each > 100_000 {
		t.Errorf("%d bytes for each file", each)
	}
}
