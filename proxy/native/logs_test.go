//go:build linux

package native

import (
	"os"
	"testing"
)

// TestSentinelsAllocateNothing holds that a run's last lines cost no memory: the proxy would grow to twice its size before
// its first collection.
func TestSentinelsAllocateNothing(t *testing.T) {
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	fd := int(null.Fd())
	for _, one := range []bool{false, true} {
		logs := newLogs(fd, fd)
		logs.one = one
		half := []byte("half a line")
		if count := testing.AllocsPerRun(100, func() {
			logs.Write(Stderr, half)
			logs.Sentinels()
		}); count > 0 {
			t.Errorf("%v times a run, with both streams in one file: %v", count, one)
		}
	}
}
