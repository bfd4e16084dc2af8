package cache

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// filled returns a cache with an entry that was used just now, and one that was not for ten days.
func filled(t *testing.T) Dir {
	dir, _ := Open(t.TempDir())
	for _, key := range []string{"old", "new"} {
		if err := dir.Replace("kind", key, []byte("content")); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-10 * 24 * time.Hour)
	if err := os.Chtimes(filepath.Join(dir.Path(), "kind", "old"), long, long); err != nil {
		t.Fatal(err)
	}
	return dir
}

func entries(all []Usage) (n int) {
	for _, usage := range all {
		n += usage.Entries
	}
	return n
}

func TestPrune(t *testing.T) {
	for name, test := range map[string]struct {
		unused        time.Duration
		used          bool
		removed, kept int
	}{
		"old enough":       {9 * 24 * time.Hour, false, 1, 1},
		"not old enough":   {11 * 24 * time.Hour, false, 0, 2},
		"all":              {0, false, 2, 0},
		"beside a build":   {0, true, 1, 1},
		"old, and a build": {11 * 24 * time.Hour, true, 0, 2},
	} {
		t.Run(name, func(t *testing.T) {
			dir := filled(t)
			if test.used {
				held := dir.Hold()
				defer held.held.Close()
			}
			got, err := dir.Prune(test.unused)
			if err != nil || entries(got.Removed) != test.removed || entries(got.Kept) != test.kept || got.Busy != test.used {
				t.Errorf("got %+v, %v", got, err)
			}
			if _, ok := dir.Last("kind", "new"); ok != (test.kept > 0) {
				t.Errorf("the entry that was used just now: %v", ok)
			}
		})
	}
}

func TestUsage(t *testing.T) {
	dir := filled(t)
	got, err := dir.Usage()
	want := Usage{"kind", 2, 2 * (header + 7)}
	if err != nil || len(got) != 1 || got[0] != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
	none, _ := Open(filepath.Join(t.TempDir(), "none"))
	if got, err := none.Usage(); got != nil || err != nil {
		t.Errorf("no folder: got %v, %v", got, err)
	}
	if got, err := none.Prune(0); entries(got.Removed) != 0 || err != nil {
		t.Errorf("no folder: got %v, %v", got, err)
	}
}
