package terminal

import "testing"

func TestWrap(t *testing.T) {
	for name, test := range map[string]struct {
		text    string
		columns int
		want    string
	}{
		"no end":              {"one two\nthree", 0, "one two\nthree"},
		"broken anew":         {"one two\nthree four\n\nfive", 9, "one two\nthree\nfour\n\nfive"},
		"examples stay":       {"one two three\n  four five six", 9, "one two\nthree\n  four five six"},
		"hyphens":             {"one --two-three", 9, "one\n--two-three"},
		"a word that is long": {"one https://example.org/two", 9, "one\nhttps://example.org/two"},
	} {
		if got := Wrap(test.text, test.columns); got != test.want {
			t.Errorf("%s: got %q, want %q", name, got, test.want)
		}
	}
	if got, want := Hang("one two three", 4, 12), "one two\n    three"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got, want := Hang("one two three", 10, 12), "one two three"; got != want {
		t.Errorf("no room: got %q, want %q", got, want)
	}
}
