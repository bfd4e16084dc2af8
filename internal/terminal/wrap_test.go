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
		"indented lines":      {"one two three\n  four five\n\tsix", 11, "one two\nthree\n  four five\n\tsix"},
		"a wide one":          {"  one two three four", 12, "  one\n      two\n      three\n      four"},
		"two columns":         {"  a=X   one two three\n  b     four", 18, "  a=X   one two\n        three\n  b     four"},
		"no room beside":      {"  a=XXXXXXXX   one two three", 18, "  a=XXXXXXXX\n      one two\n      three"},
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
