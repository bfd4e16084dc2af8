package buildkit_test

import (
	"os"
	"strings"
	"testing"

	"golang.org/x/mod/modfile"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit"
)

func TestCheckAddress(t *testing.T) {
	tls := buildkit.TLS{CA: "ca.pem"}
	for _, test := range []struct {
		address string
		tls     buildkit.TLS
		want    string // part of the error, or ""
	}{
		{"unix:///run/buildkit/buildkitd.sock", buildkit.TLS{}, ""},
		{"unix://run/buildkitd.sock", buildkit.TLS{}, "with three slashes"},
		{"tcp://127.0.0.1:1234", buildkit.TLS{}, ""},
		{"tcp://[::1]:1234", buildkit.TLS{}, ""},
		{"tcp://localhost:1234", buildkit.TLS{}, ""},
		{"tcp://localhost", buildkit.TLS{}, "want tcp://HOST:PORT"},
		{"tcp://builder:1234", buildkit.TLS{}, "without TLS"},
		{"tcp://builder:1234", tls, ""},
		{"docker-container://builder", buildkit.TLS{}, ""},
		{"docker-container://", buildkit.TLS{}, "want docker-container://NAME"},
		{"kube-pod://builder-0?namespace=ci", buildkit.TLS{}, ""},
		{"kube-pod://builder-0?namspace=ci", buildkit.TLS{}, "it takes no ?namspace="},
		{"kube-pod://Builder_0", buildkit.TLS{}, "unsupported pod name"},
		{"docker-container://builder?context=far", buildkit.TLS{}, ""},
		{"ssh://me@builder", buildkit.TLS{}, ""},
		{"ssh://me@builder:2222/run/user/1000/buildkit/buildkitd.sock", buildkit.TLS{}, ""},
		{"ssh://builder?key=id", buildkit.TLS{}, "it takes no ?key="},
		{"ssh://me:sesame@builder", buildkit.TLS{}, "builder ssh://me:***@builder: plain-text password is not supported"},
		{"ssh://me:sesame%@builder", buildkit.TLS{}, `builder "ssh://me:***@builder": want`},
		{"tcp://me:sesame@builder:1234", tls, "builder tcp://me:***@builder:1234: want tcp://HOST:PORT"},
		{"tcp://builder:1234/path", tls, "want tcp://HOST:PORT"},
		{"http://builder:1234", tls, "want an address that begins with"},
		{"builder", tls, "want an address that begins with"},
		{"", tls, "want an address that begins with"},
	} {
		err := buildkit.CheckAddress(test.address, test.tls)
		if (err == nil) != (test.want == "") || err != nil && (!strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "sesame")) {
			t.Errorf("%q: got %v, want %q", test.address, err, test.want)
		}
	}
}

// TestVersion fails when BuildKit moves. Its exporter writes config, manifest and index, and the embedded engine writes
// the same bytes: run the tests with a builder of the new version (ci/tools/buildkit), and then change this constant.
func TestVersion(t *testing.T) {
	for _, file := range []string{"../../../go.mod", "../../../ci/tools/buildkit/go.mod"} {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := modfile.ParseLax(file, text, nil)
		if err != nil {
			t.Fatal(err)
		}
		found := ""
		for _, require := range parsed.Require {
			if require.Mod.Path == "github.com/moby/buildkit" {
				found = require.Mod.Version
			}
		}
		if found != buildkit.Version {
			t.Errorf("%s has BuildKit %q, and digests were compared with %s: compare them with the new one, then change buildkit.Version", file, found, buildkit.Version)
		}
	}
}
