package provenance

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRead holds that a statement is read as it was made.
func TestRead(t *testing.T) {
	made := Build{
		Image: "a", Digest: "sha256:" + strings.Repeat("ab", 32), Engine: "buildkit",
		Parameters: Parameters{Image: "a", Definition: "images/a.yaml", Platforms: []string{"linux/amd64"}, SourceDateEpoch: 7},
		Materials:  []Material{{Name: SourceName, URI: "git+https://git.example.org/a", Digest: map[string]string{"gitCommit": "12"}, Annotations: map[string]any{"modified": true}}},
		Versions:   map[string]string{"mkimage": "v1.0.0"},
	}
	text, err := Make(made)
	if err != nil {
		t.Fatal(err)
	}
	read, err := Read(text)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(made, read); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Source{{"https://git.example.org/a", "12", true}}, read.Sources()); diff != "" {
		t.Error(diff)
	}
	for from, to := range map[string]string{
		Builder: "https://example.org/other", BuildType: "https://example.org/type", PredicateType: "https://example.org/predicate", "{": "[", strings.Repeat("ab", 32): "ab",
	} {
		if _, err := Read([]byte(strings.ReplaceAll(string(text), from, to))); err == nil {
			t.Errorf("with %s in place of %s, it is read", to, from)
		}
	}
}

// TestMkimageIs holds when two programs count as one.
func TestMkimageIs(t *testing.T) {
	for _, test := range []struct {
		a, b        Mkimage
		same, known bool
	}{
		{Mkimage{}, Mkimage{}, false, false},
		{Mkimage{Version: "v1.0.0", Commit: "1"}, Mkimage{Version: "v1.0.0", Commit: "2"}, false, true},
		{Mkimage{Version: "v1.0.0", Commit: "1"}, Mkimage{Version: "v1.0.0", Sum: "s"}, true, true},
		{Mkimage{Version: "v1.0.0"}, Mkimage{Version: "v1.0.1"}, false, true},
		{Mkimage{Commit: "1", Modified: true}, Mkimage{Commit: "1"}, false, false},
	} {
		if same, known := test.a.Is(test.b); same != test.same || known != test.known {
			t.Errorf("%+v is %+v: %v, %v", test.a, test.b, same, known)
		}
	}
}

func FuzzRead(f *testing.F) {
	text, err := Make(Build{Image: "a", Digest: "sha256:" + strings.Repeat("ab", 32)})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	f.Fuzz(func(t *testing.T, text []byte) {
		read, err := Read(text)
		if err != nil {
			return
		}
		read.Sources()
		_ = read.Mkimage().String() + read.Mkimage().From()
	})
}
