package release

import "testing"

func TestStampsTakePrecedence(t *testing.T) {
	t.Cleanup(func() { Version, Commit = "", "" })
	Version, Commit = "v1.2.3", "4f0c6d"
	if Number() != "v1.2.3" {
		t.Errorf("version %s", Number())
	}
	if commit, modified := Revision(); commit != "4f0c6d" || modified {
		t.Errorf("commit %s, modified %t", commit, modified)
	}
}
