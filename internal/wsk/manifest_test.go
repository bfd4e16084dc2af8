package wsk

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// manifest is a file as operators have it: with comments of sorts, keys that nobody knows, and prewarming as it is
// written today.
const manifest = `{
  "description": ["kinds", "and blackboxes"],
  "runtimes": {
    "nodejs": [
      {"kind": "nodejs:18", "image": {"prefix": "openwhisk", "name": "action-nodejs-v18", "tag": "nightly"}, "deprecated": true},
      {
        "kind": "nodejs:20", "default": true, "image": {"prefix": "openwhisk", "name": "action-nodejs-v20", "tag": "nightly"},
        "attached": {"attachmentName": "codefile", "attachmentType": "text/plain"},
        "stemCells": [{"initialCount": 2, "memory": "256 MB", "reactive": {"minCount": 1, "maxCount": 4, "ttl": "2 minutes", "threshold": 1, "increment": 1}}]
      }
    ],
    "bash": [{"kind": "bash:4", "default": true, "image": {"name": "bash"}}]
  },
  "blackboxes": [{"prefix": "openwhisk", "name": "dockerskeleton", "tag": "nightly"}],
  "later": 1e2
}
`

var digestOfZeros = v1.Hash{Algorithm: "sha256", Hex: strings.Repeat("0", 64)}

func offered(t *testing.T, repository, kind string) Runtime {
	t.Helper()
	parsed, err := ParseKind(kind)
	if err != nil {
		t.Fatal(err)
	}
	return NewRuntime(Image{Name: "bash", Repository: repository, Digest: digestOfZeros}, parsed, 0)
}

func TestRuntimeEntry(t *testing.T) {
	text, err := offered(t, "registry.example.org:5000/you/tools/bash", "bash:5").Entry()
	if err != nil {
		t.Fatal(err)
	}
	var compact strings.Builder
	for line := range strings.Lines(string(text)) {
		compact.WriteString(strings.TrimSpace(line))
	}
	want := `{"bash": [{"kind": "bash:5","default": false,"deprecated": false,` +
		`"image": {"registry": "registry.example.org:5000","prefix": "you/tools","name": "bash","tag": "content-000000000000"},` +
		`"attached": {"attachmentName": "codefile","attachmentType": "text/plain"},"stemCells": [{"initialCount": 1,"memory": "256 MB"}]}]}`
	if diff := cmp.Diff(want, compact.String()); diff != "" {
		t.Error(diff)
	}
}

// TestSplitImage holds that OpenWhisk puts together the reference that was pushed, with no registry for the Docker Hub.
func TestSplitImage(t *testing.T) {
	for repository, want := range map[string]string{
		"registry.example.org/you/bash": "registry.example.org|you|bash",
		"localhost:5000/bash":           "localhost:5000||bash",
		"localhost/a/b/c":               "localhost|a/b|c",
		"docker.io/you/bash":            "|you|bash",
		"index.docker.io/you/bash":      "|you|bash",
		"you/bash":                      "|you|bash",
		"bash":                          "||bash",
		"docker.io/bash":                "||bash",
		"you/tools/bash":                "|you/tools|bash",
	} {
		got := splitImage(repository, "content-0")
		if text := got.Registry + "|" + got.Prefix + "|" + got.Name; text != want || got.Tag != "content-0" {
			t.Errorf("%s: %s", repository, text)
		}
		notes := strings.Join(offered(t, repository, "bash:5").Notes(), "\n")
		if strings.Contains(notes, "runtimes-registry") != strings.HasPrefix(want, "|") {
			t.Errorf("%s: notes %s", repository, notes)
		}
	}
}

func TestParseKind(t *testing.T) {
	for _, text := range []string{"bash", "bash:", ":5", "Bash:5", "my-bash:5", "bash:default", "bash:5 ", "bash:5:6", "", "bash:-"} {
		if kind, err := ParseKind(text); err == nil {
			t.Errorf("%q is read as %v", text, kind)
		}
	}
}

// TestMerge holds the merged file against OpenWhisk's rules, and everything else in it against the former one.
func TestMerge(t *testing.T) {
	for _, test := range []struct {
		kind, name string
		newFamily  bool
		families   string
	}{
		{"bash:5", "end of a line", false, "bash:4* bash:5 nodejs:18 nodejs:20*"},
		{"nodejs:22", "several lines", false, "bash:4* nodejs:18 nodejs:20* nodejs:22"},
		{"python:3", "new family", true, "bash:4* nodejs:18 nodejs:20* python:3*"},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, file := range []string{manifest, strings.ReplaceAll(manifest, "\n", "\r\n"), strings.ReplaceAll(manifest, "  ", "\t"), compacted(t, manifest)} {
				merged, err := Merge([]byte(file), offered(t, "you/x", test.kind), test.newFamily)
				if err != nil {
					t.Fatal(err)
				}
				loaded, err := load(merged)
				if err != nil {
					t.Fatalf("%v:\n%s", err, merged)
				}
				if got := loaded.kinds(); got != test.families {
					t.Errorf("got %s, want %s", got, test.families)
				}
				if image := loaded.images[test.kind]; image != "you/x:content-000000000000" {
					t.Errorf("its image is %q", image)
				}
				at := strings.Index(string(merged), `"`+test.kind+`"`)
				start, end := common(file, string(merged))
				if start+end != len(file) || at < start || at > len(merged)-end {
					t.Errorf("more than one place has changed:\n%s", merged)
				}
			}
		})
	}
	merged, err := Merge([]byte(`{"runtimes":{}}`), offered(t, "you/x", "bash:5"), true)
	if err != nil || !json.Valid(merged) {
		t.Errorf("%v: %s", err, merged)
	}
}

func TestMergeRefuses(t *testing.T) {
	for _, test := range []struct {
		file, kind string
		newFamily  bool
		want       string
	}{
		{manifest, "bash:4", false, "it has bash:4 already, in the family bash"},
		{manifest, "ruby:3", false, "it has no family ruby: give --new-family to start it with ruby:3 as its default"},
		{manifest, "bash:5", true, "it has a family bash already: leave out --new-family"},
		{`{"runtimes":{"bash":[{"kind":"bash:4","image":{"name":"x"}}]}}`, "bash:5", false, `the family bash has 2 kinds and no default; give one of them "default": true first`},
		{`{"runtimes":{"x":[{"kind":"bash:5","image":{"name":"x"}}]}}`, "bash:5", true, "it has bash:5 already, in the family x"},
		{`{"runtimes":{"x":[{"kind":"x:1","default":true},{"kind":"x:2","default":true}]}}`, "bash:5", true, "the family x has more than one default: x:1, x:2"},
		{`{"runtimes":{"x":[]}}`, "bash:5", true, "the family x has 0 kinds and no default"},
		{`{"runtimes":{"x":[{}]}}`, "bash:5", true, "the family x has an entry without a kind"},
		{`{"runtimes":{},"runtimes":{}}`, "bash:5", true, `"runtimes" is there twice`},
		{`{}`, "bash:5", true, `it has no object "runtimes"`},
		{`[]`, "bash:5", true, "it is not a runtimes.json"},
		{`{"runtimes":[]}`, "bash:5", true, "it is not a runtimes.json"},
		{``, "bash:5", true, "it is not a runtimes.json"},
		{manifest + "}", "bash:5", false, "it is not a runtimes.json"},
	} {
		if merged, err := Merge([]byte(test.file), offered(t, "you/x", test.kind), test.newFamily); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%.60s, %s: %v, want %s\n%s", test.file, test.kind, err, test.want, merged)
		}
	}
}

func FuzzMerge(f *testing.F) {
	f.Add(manifest, "bash", true)
	f.Add(`{"runtimes":{"bash":[{"kind":"bash:1"}]}}`, "bash", false)
	f.Fuzz(func(t *testing.T, file, family string, newFamily bool) {
		merged, err := Merge([]byte(file), NewRuntime(Image{Repository: "x", Digest: digestOfZeros}, Kind{family, "99"}, 0), newFamily)
		if err != nil {
			return
		}
		if err := CheckManifest(merged); err != nil {
			t.Errorf("%v\n%s", err, merged)
		}
	})
}

// common returns how many bytes two texts share at their beginning and, not counting those, at their end.
func common(a, b string) (start, end int) {
	for start < min(len(a), len(b)) && a[start] == b[start] {
		start++
	}
	for end < min(len(a), len(b))-start && a[len(a)-1-end] == b[len(b)-1-end] {
		end++
	}
	return start, end
}

func compacted(t *testing.T, text string) string {
	var compact json.RawMessage
	if err := json.Unmarshal([]byte(text), &compact); err != nil {
		t.Fatal(err)
	}
	out, err := json.Marshal(compact)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// loaded is what OpenWhisk makes of a runtimes.json, read by the rules of ExecManifest.scala: each version of each
// family has a kind and an image with a name; the rest is optional, and has its type where it is there; prewarmed
// containers have a positive count and a memory such as "256 MB"; of several versions exactly one is the default.
type loaded struct {
	defaults map[string]bool
	images   map[string]string
}

var memoryPattern = regexp.MustCompile(`(?i)^\s?(\d+)\s?(MB|M|B|KB|K|GB|G)\s?$`) // Size.scala

func load(text []byte) (loaded, error) {
	var file struct {
		Runtimes map[string][]struct {
			Kind  *string
			Image *struct {
				Name                  *string
				Registry, Prefix, Tag *string
			}
			Deprecated, Default, RequireMain, SentinelledLogs *bool
			Attached                                          *struct{ AttachmentName, AttachmentType *string }
			StemCells                                         *[]struct {
				InitialCount *int
				Memory       *string
			}
		}
	}
	all := loaded{map[string]bool{}, map[string]string{}}
	if err := json.Unmarshal(text, &file); err != nil {
		return all, err
	}
	part := func(text *string, format string) string {
		if text == nil || *text == "" {
			return ""
		}
		return fmt.Sprintf(format, *text)
	}
	for family, versions := range file.Runtimes {
		defaults := 0
		for _, v := range versions {
			if v.Kind == nil || v.Image == nil || v.Image.Name == nil || v.Attached != nil && (v.Attached.AttachmentName == nil || v.Attached.AttachmentType == nil) {
				return all, fmt.Errorf("%s: a field is missing", family)
			}
			if v.StemCells != nil {
				for _, cell := range *v.StemCells {
					if cell.InitialCount == nil || *cell.InitialCount <= 0 || cell.Memory == nil || !memoryPattern.MatchString(*cell.Memory) {
						return all, fmt.Errorf("%s: it cannot be prewarmed so", *v.Kind)
					}
				}
			}
			all.defaults[*v.Kind] = v.Default != nil && *v.Default
			if all.defaults[*v.Kind] {
				defaults++
			}
			all.images[*v.Kind] = part(v.Image.Registry, "%s/") + part(v.Image.Prefix, "%s/") + *v.Image.Name + part(v.Image.Tag, ":%s")
		}
		if defaults > 1 || defaults == 0 && len(versions) != 1 {
			return all, fmt.Errorf("%s has %d defaults", family, defaults)
		}
	}
	return all, nil
}

// kinds returns all kinds, with a star behind each default.
func (l loaded) kinds() string {
	var all []string
	for kind, isDefault := range l.defaults {
		if isDefault {
			kind += "*"
		}
		all = append(all, kind)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}
