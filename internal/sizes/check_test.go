package sizes

import (
	"testing"
)

func TestCheck(t *testing.T) {
	over := sample().Check(map[string]int64{"bash": 4_000_000, "scratch": 2_000_000})
	if len(over) != 1 {
		t.Fatalf("got %v", over)
	}
	want := "bash (linux/amd64) is 6.60 MB, over its budget of 4.00 MB by 2.60 MB; heaviest layers: stemcell-bash 3.10 MB, base 1.90 MB, proxy 1.60 MB"
	if got := over[0].String(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
