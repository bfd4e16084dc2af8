package page

import (
	"os"
	"strings"
	"testing"
)

// TestPages holds that every page is there, and has the heading that its address names.
func TestPages(t *testing.T) {
	for _, address := range []string{Index, Definition, GoActions, Attached, Verify, BuildKit, Pushing} {
		name, heading, _ := strings.Cut(strings.TrimPrefix(address, Root), "#")
		text, err := os.ReadFile("../../docs/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if heading != "" && !strings.Contains(strings.ToLower(string(text)), "\n## "+strings.ReplaceAll(heading, "-", " ")) {
			t.Errorf("%s has no heading %q", name, heading)
		}
	}
}
