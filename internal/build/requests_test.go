package build

import (
	"fmt"
	"path"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
)

// TestRequests counts what a registry is asked when six images are pushed, each with SBOM, sizes and provenance: to one
// that takes a blob in one request and lists referrers, and to one like distribution 2, which does neither.
func TestRequests(t *testing.T) {
	for _, test := range []struct {
		name         string
		quirks       []string
		first, again int
	}{
		{"with the API", []string{"apart", "referrers"}, 106, 24},
		{"as distribution 2", []string{"apart", "sessions"}, 150, 30},
	} {
		t.Run(test.name, func(t *testing.T) {
			options, _ := alpineIn(t)
			s := shelve(t, options, test.quirks...)
			dir := t.TempDir()
			six := []images.Definition{definition("scratch"), definition("go"), onAlpine(dir, "alpine"), onAlpine(dir, "bash", "bash"), onAlpine(dir, "ruby", "ruby"), onAlpine(dir, "python", "python")}
			six[1].Env = map[string]string{"NAME": "go"} // else it is scratch by another name
			for i := range six {
				six[i].Platforms = []images.Platform{images.LinuxAMD64}
			}
			for _, want := range []int{test.first, test.again} {
				if _, err := Run(t.Context(), six, s.options); err != nil {
					t.Fatal(err)
				}
				asked := s.Asked()
				if len(asked) != want {
					t.Errorf("%d requests, want %d:\n%s", len(asked), want, kinds(asked))
				}
			}
		})
	}
}

// kinds counts requests by method and by what they are about.
func kinds(requests []string) string {
	counts := map[string]int{}
	for _, request := range requests {
		method, rest, _ := strings.Cut(request, " ")
		about, _, _ := strings.Cut(rest, " ")
		kind := path.Base(path.Dir(about))
		if strings.HasPrefix(path.Base(about), "sha256-") {
			kind = "list"
		}
		counts[method+" "+kind]++
	}
	return fmt.Sprint(counts)
}
