package source_test

import (
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// rooms are patterns of code that once stood in many places, with the only folder that may have each. Tests are free.
var rooms = []struct {
	code *regexp.Regexp
	room string
}{
	{regexp.MustCompile(`strings\.Join\(strings\.Fields\(`), "internal/human"},
	{regexp.MustCompile(`HumanSize\(|"(kB|MB)", "(MB|GB)", `), "internal/human"},
	{regexp.MustCompile(`csv\.NewReader\(|const \w+ = "\{name\}"`), "internal/destination"},
	{regexp.MustCompile(`net\.DNSError|x509\.UnknownAuthorityError|Get\("Retry-After"\)`), "internal/patient"},
	{regexp.MustCompile(`(n|size|bytes) \+= int64\(n\)`), "internal/cache"},
	{regexp.MustCompile(`var \w+ \*(fs\.PathError|os\.PathError|os\.LinkError)`), "internal/human"},
}

// TestOneRoom holds that a rule stands in one room.
func TestOneRoom(t *testing.T) {
	found := make([]bool, len(rooms))
	for file := range importsByFile(t) {
		if !slices.Contains([]string{"cmd", "images", "internal", "stemcells"}, strings.Split(file, "/")[0]) {
			continue
		}
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, rule := range rooms {
			switch at := rule.code.FindString(string(text)); {
			case at == "":
			case below(path.Dir(file), rule.room):
				found[i] = true
			default:
				t.Errorf("%s has %q: that is for %s", file, at, rule.room)
			}
		}
	}
	for i, rule := range rooms {
		if !found[i] {
			t.Errorf("%s has no %s", rule.room, rule.code)
		}
	}
}
