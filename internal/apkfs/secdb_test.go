package apkfs

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestFixes holds which versions mend a vulnerability that a version has.
func TestFixes(t *testing.T) {
	file := filepath.Join(t.TempDir(), "main.json")
	text := `{"distroversion": "v3.22", "reponame": "main", "packages": [{"pkg": {"name": "a", "secfixes": {
		"1.10-r0": ["CVE-3"], "1.9-r1": ["CVE-2 XSA-2", "CVE-1"], "1.9_rc1-r0": ["CVE-0"], "0": ["CVE-9"], "not a version": ["CVE-8"]}}}]}`
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	db, err := OpenSecDB(file)
	if err != nil {
		t.Fatal(err)
	}
	for version, want := range map[string][]Fix{
		"1.10-r0": nil,
		"1.10-r1": nil,
		"1.9-r1":  {{"1.10-r0", []string{"CVE-3"}}},
		"1.9-r0":  {{"1.9-r1", []string{"CVE-2", "XSA-2", "CVE-1"}}, {"1.10-r0", []string{"CVE-3"}}},
		"1.8-r0":  {{"1.9_rc1-r0", []string{"CVE-0"}}, {"1.9-r1", []string{"CVE-2", "XSA-2", "CVE-1"}}, {"1.10-r0", []string{"CVE-3"}}},
	} {
		got, err := db.Fixes(t.Context(), "v3.22", "main", "a", version)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", version, diff)
		}
	}
	if got, err := db.Fixes(t.Context(), "v3.22", "community", "a", "1.0-r0"); err != nil || got != nil {
		t.Errorf("of another repository: %v, %v", got, err)
	}
}

func FuzzSecDB(f *testing.F) {
	f.Add([]byte(`{"distroversion": "v3.22", "reponame": "main", "packages": [{"pkg": {"name": "a", "secfixes": {"1-r0": ["CVE-1"]}}}]}`))
	f.Fuzz(func(_ *testing.T, text []byte) {
		if read, err := readSecDB(text); err == nil {
			read.fixes()
		}
	})
}
