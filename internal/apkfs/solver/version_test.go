package solver

import (
	"strings"
	"testing"
)

// TestCompare holds versions in their order: from the lowest, equal ones beside each other.
func TestCompare(t *testing.T) {
	for _, ascending := range []string{
		"0.1_alpha 0.1_alpha2 0.1_beta 0.1_pre 0.1_rc 0.1 0.1-r1 0.1_cvs 0.1_svn 0.1_git 0.1_hg 0.1_p 0.1_p1 0.1_p2 0.1a 0.1b 0.1.1 0.2",
		"1.005 1.0 1.05 1.1 1.2 1.10",
		"1.2.4-r0 1.2.4_git20230717-r3 1.2.4_git20230717-r4 1.2.5_alpha1-r0 1.2.5_rc2-r0 1.2.5-r0",
		"1 1-r0 1-r1 1-r10 1.0",
		"9 10 20240101 99999999999999999",
	} {
		versions := strings.Fields(ascending)
		for i, a := range versions {
			if !Valid(a) {
				t.Errorf("%s is not valid", a)
			}
			for j, b := range versions {
				want := map[bool]relation{i < j: less, i > j: greater, i == j: equal}[true]
				if got := compareVersions(a, b, false); got != want {
					t.Errorf("%s to %s: got %d, want %d", a, b, got, want)
				}
			}
		}
	}
	for _, bad := range []string{"1_what", "1.2.A", "1-x1", "1-r1.2", "999999999999999999", "A", "1.2rr"} {
		if Valid(bad) {
			t.Errorf("%s is valid", bad)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"a", "!b<2", "c>=1.2_rc3-r4", "d~1", "e><Q1abc=", "so:libc.so=1", "f@edge=1", "<>", "g=0.00001"} {
		f.Add(text, "1.2-r3")
	}
	f.Fuzz(func(t *testing.T, text, version string) {
		term, ok := Parse(text)
		if ok {
			term.Fits(version, "Q1abc=")
		}
		if version != "" && Valid(version) && compareVersions(version, version, false) != equal {
			t.Errorf("%q is not equal to itself", version)
		}
		a, b := compareVersions(version, term.Version, false), compareVersions(term.Version, version, false)
		if Valid(version) && Valid(term.Version) && (a == less) != (b == greater) {
			t.Errorf("%q to %q: %d, and %d", version, term.Version, a, b)
		}
	})
}
