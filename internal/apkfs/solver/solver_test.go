package solver

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// pack reads "NAME-VERSION field: terms; field: terms".
func pack(t *testing.T, text string) *Package {
	t.Helper()
	head, fields, _ := strings.Cut(text, " ")
	name, version, _ := strings.Cut(head, "-")
	p := &Package{Name: name, Version: version + "-r0", Checksum: "Q1" + head}
	for field := range strings.SplitSeq(fields, ";") {
		key, value, _ := strings.Cut(strings.TrimSpace(field), ":")
		terms := strings.Fields(value)
		switch key {
		case "":
		case "depends":
			p.Depends = terms
		case "provides":
			p.Provides = terms
		case "if":
			p.InstallIf = terms
		case "priority":
			if _, err := fmt.Sscan(value, &p.Priority); err != nil {
				t.Fatal(err)
			}
		case "second":
			p.Repository = 1
		default:
			t.Fatalf("no field %q", key)
		}
	}
	return p
}

func TestSolve(t *testing.T) {
	for name, test := range map[string]struct {
		packages []string
		wanted   string
		want     string // in the order of installation, or a part of the error
	}{
		"a conflict with a version that is not there": {[]string{"a-1 depends:!b<2", "b-3"}, "a b", "b a"},
		"a conflict with the version that is there":   {[]string{"a-1 depends:!b<2", "b-1"}, "a b", "error: b-1-r0 does not fit: a-1-r0 wants !b<2"},
		"a conflict makes an older version best":      {[]string{"a-1 depends:!b>2", "b-1", "b-3"}, "a b", "b=1 a"},
		"a conflict with a provided name":             {[]string{"a-1 depends:!v", "b-1 provides:v"}, "a b", "error: a-1-r0 wants !v"},
		"a conflict with a provided version":          {[]string{"a-1 depends:!v<2", "b-1 provides:v=2"}, "a b", "b a"},
		"a conflict with itself":                      {[]string{"a-1 depends:!a"}, "a", "error: a-1-r0 wants !a"},
		"not wanted at all":                           {[]string{"a-1 depends:v", "b-1 provides:v=1", "c-1 provides:v=2"}, "a !c", "b a"},
		"of no package":                               {[]string{"a-1"}, "a !z", "a"},

		"the start of a version":            {[]string{"a-1.2.3", "a-1.3"}, "a~1.2", "a=1.2.3"},
		"not below the start":               {[]string{"a-1.20"}, "a~1.2", "error: available: 1.20-r0"},
		"at least that start":               {[]string{"a-1.1", "a-1.2.9"}, "a>~1.2", "a=1.2.9"},
		"a checksum":                        {[]string{"a-1", "a-2"}, "a><Q1a-1", "a=1"},
		"the higher provided version":       {[]string{"a-9 provides:v=1", "b-1 provides:v=2"}, "v", "b"},
		"the priority of equal versions":    {[]string{"a-1 provides:v=1; priority:1", "b-1 provides:v=1; priority:2"}, "v", "b"},
		"the priority of a virtual name":    {[]string{"a-1 provides:v; priority:1", "b-1 provides:v; priority:2"}, "v", "b"},
		"the first repository":              {[]string{"b-1 provides:v=1; second:", "a-1 provides:v=1"}, "v", "a"},
		"a higher version elsewhere":        {[]string{"a-1", "a-2 second:"}, "a", "a=2"},
		"a virtual name, but none named":    {[]string{"a-1 depends:v", "b-1 provides:v"}, "a", "error: apk takes a package that provides it only if its own name is wanted, too: b"},
		"a virtual name of a wanted one":    {[]string{"a-1 depends:v", "b-1 provides:v"}, "a b", "b a"},
		"a virtual name of two":             {[]string{"a-1 provides:v", "b-1 provides:v"}, "a b", "a b"},
		"a provided version of two":         {[]string{"a-1 provides:v=1", "b-1 provides:v=1"}, "a b", "error: which has the name v, too"},
		"a provided name with no version":   {[]string{"a-1 provides:v"}, "v>1", "error: the packages that provide it give no version"},
		"something that nobody has":         {[]string{"a-1 depends:so:libz.so.1"}, "a", "error: the image wants a; a-1-r0 wants so:libz.so.1; no package has that name"},
		"what it brings":                    {[]string{"a-1", "b-1", "c-1 if:a b"}, "a b", "a b c"},
		"what it brings in that version":    {[]string{"a-1", "c-1 if:a=1-r0"}, "a", "a c"},
		"not in another version":            {[]string{"a-1", "c-1 if:a=2-r0"}, "a", "a"},
		"what a provided name brings":       {[]string{"a-1 provides:v=1", "c-1 if:v>0"}, "a", "a c"},
		"what it would bring, but for this": {[]string{"a-1", "c-1 if:a"}, "a !c", "a"},
		"what brings what":                  {[]string{"a-1", "b-1 if:a", "c-1 if:b"}, "a", "a b c"},
		"dependencies first":                {[]string{"a-1 depends:z y", "y-1 depends:x", "x-1", "z-1"}, "a", "z x y a"},
		"small and capital letters":         {[]string{"B-1", "a-1", "C-1"}, "C B a", "a B C"},
		"in a circle":                       {[]string{"a-1 depends:b", "b-1 depends:a"}, "a", "b a"},
	} {
		t.Run(name, func(t *testing.T) {
			var packages []*Package
			for _, text := range test.packages {
				packages = append(packages, pack(t, text))
			}
			solution, err := Solve(packages, strings.Fields(test.wanted))
			if want, refused := strings.CutPrefix(test.want, "error: "); refused || err != nil {
				if !refused || err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "\n") {
					t.Errorf("got %v, %v; want %q", solution.Packages, err, want)
				}
				return
			}
			var got []string
			for i, p := range solution.Packages {
				got = append(got, p.Name)
				if fields := strings.Fields(test.want); i < len(fields) && strings.Contains(fields[i], "=") {
					got[i] += "=" + strings.TrimSuffix(p.Version, "-r0")
				}
			}
			if diff := cmp.Diff(test.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNeeded(t *testing.T) {
	packages := []*Package{pack(t, "a-1 depends:b"), pack(t, "b-1"), pack(t, "c-1 depends:b"), pack(t, "d-1 if:a c"), pack(t, "e-1 if:a")}
	solution, err := Solve(packages, []string{"a", "c"})
	if err != nil {
		t.Fatal(err)
	}
	for wanted, want := range map[string]string{"a": "[b-1-r0 a-1-r0 e-1-r0]", "c": "[b-1-r0 c-1-r0]", "a c": "[b-1-r0 a-1-r0 e-1-r0 c-1-r0 d-1-r0]"} {
		if got := fmt.Sprint(solution.Needed(strings.Fields(wanted))); got != want {
			t.Errorf("%s: got %s, want %s", wanted, got, want)
		}
	}
}
