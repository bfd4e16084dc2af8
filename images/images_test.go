package images

import (
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/invopop/jsonschema"
)

var update = flag.Bool("update", false, "write schema.json anew")

func TestShippedDefinitionsLoad(t *testing.T) {
	names, err := Shipped().Names()
	if err != nil {
		t.Fatal(err)
	}
	definitions, err := Load(Shipped(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for i, definition := range definitions {
		if definition.Name != names[i] || definition.Description == "" || definition.Budget == 0 {
			t.Errorf("%s: want the name %s, a description and a budget", definition.File, names[i])
		}
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	write(t, filepath.Join(dir, "one.yaml"), "name: one\nbase: scratch\n")
	write(t, filepath.Join(dir, "two.yaml"), "name: two\nbase: scratch\n")
	write(t, filepath.Join(dir, "other", "one.yaml"), "name: one\nbase: scratch\n")
	write(t, filepath.Join(dir, "bad", "bad.yaml"), "nme: bad\n")
	write(t, filepath.Join(dir, "bad", "worse.yaml"), "[")
	write(t, filepath.Join(dir, "none", "README.md"), "# nothing\n")
	bad := filepath.Join(dir, "bad", "bad.yaml")
	at := func(path ...string) string { return filepath.Join(append([]string{dir}, path...)...) }

	tests := []struct {
		name, dir string
		args      []string
		want      []string // names of images
		err       string
	}{
		{"all", dir, nil, []string{"one", "two"}, ""},
		{"by name", dir, []string{"two"}, []string{"two"}, ""},
		{"in the order of the arguments", dir, []string{"two", "one"}, []string{"two", "one"}, ""},
		{"twice is once", dir, []string{"two", "two"}, []string{"two"}, ""},
		{"a file", dir, []string{at("other", "one.yaml")}, []string{"one"}, ""},
		{"a file needs no folder", at("missing"), []string{at("two.yaml")}, []string{"two"}, ""},
		{"same name, two files", dir, []string{"one", at("other", "one.yaml")}, nil, "two definitions of image one: " + at("one.yaml") + " and " + at("other", "one.yaml")},
		{"unknown", dir, []string{"twoo"}, nil, `no image is named "twoo" in ` + dir + `; there are: one, two; shipped with mkimage: ` + strings.Join(ShippedNames(), ", ") + ` (did you mean "two"?)`},
		{"shipped", dir, []string{"scratch", "one"}, []string{"scratch", "one"}, ""},
		{"unknown file", dir, []string{at("no.yaml")}, nil, "read image definition " + at("no.yaml") + ": no such file or directory"},
		{"a folder", dir, []string{at("other")}, nil, at("other") + " is a folder: take the definitions in it with --images " + at("other") + ", or name one of them"},
		{"no folder", at("missing"), nil, nil, "list image definitions in " + at("missing") + ": no such file or directory"},
		{"no definitions", at("none"), nil, nil, "no definitions in " + at("none") + "; begin a project with mkimage init, or name one of the shipped ones: "},
		{"mistakes of all files", at("bad"), nil, nil, bad + `:1:1: unknown key "nme" (did you mean "name"?)`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			definitions, err := Load(Dir(test.dir), nil, test.args...)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) {
					t.Fatalf("\n got %v\nwant %s", err, test.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, definition := range definitions {
				got = append(got, definition.Name)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestShippedOnlyByName holds that a folder without definitions does not stand for the shipped ones, and that the
// shipped ones can still be named beside definitions of a project.
func TestShippedOnlyByName(t *testing.T) {
	t.Chdir(t.TempDir())
	shippedOnes := strings.Join(ShippedNames(), ", ")
	for _, folder := range []string{"", "images/holiday.jpg", "images/mine.yml"} {
		want := "no definitions here; begin a project with mkimage init, or name one of the shipped ones: " + shippedOnes
		if folder != "" {
			write(t, folder, "name: mine\nbase: scratch\n")
		}
		if strings.HasSuffix(folder, ".yml") {
			want = "no definitions here; images/mine.yml is not read: rename it to images/mine.yaml; begin a project with mkimage init, or name one of the shipped ones: " + shippedOnes
		}
		_, err := Load(Find(), nil)
		var none *NoneError
		if !errors.As(err, &none) || err.Error() != want {
			t.Errorf("%s: got %v, want %s", folder, err, want)
		}
		if got, err := Load(Find(), nil, "scratch"); err != nil || !got[0].Shipped {
			t.Errorf("%s: scratch by name: got %v, %v", folder, got, err)
		}
	}
	if _, err := Load(Find(), nil, "mine"); err == nil || !strings.HasSuffix(err.Error(), "images/mine.yml is not read: rename it to images/mine.yaml") {
		t.Errorf("got %v", err)
	}
	write(t, "images/own.yaml", "name: own\nbase: scratch\n")
	write(t, "images/hello.yaml", "name: hello\nbase: scratch\n")
	write(t, "images/go.YML", "name: go\nbase: scratch\n")
	for args, want := range map[string]string{
		"":              "hello own",
		"own":           "own",
		"scratch own":   "scratch+ own",
		"hello scratch": "hello scratch+",
	} {
		definitions, err := Load(Find(), nil, strings.Fields(args)...)
		var got []string
		for _, definition := range definitions {
			name := definition.Name
			if definition.Shipped {
				name += "+"
			}
			got = append(got, name)
		}
		if strings.Join(got, " ") != want || err != nil {
			t.Errorf("%q: got %v, %v, want %s", args, got, err, want)
		}
	}
	if _, err := Load(Find(), nil, "go"); err == nil || !strings.Contains(err.Error(), "images/go.YML is not read: rename it to images/go.yaml") {
		t.Errorf("the shipped one in place of a misnamed file: got %v", err)
	}
	_, err := Load(Find(), nil, "scrtch")
	want := `no image is named "scrtch" in images; there are: hello, own; shipped with mkimage: ` + shippedOnes + ` (did you mean "scratch"?)`
	if err == nil || err.Error() != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
}

func TestParsePlatforms(t *testing.T) {
	got, err := ParsePlatforms("linux/arm64, linux/amd64,linux/arm64")
	if diff := cmp.Diff([]Platform{LinuxARM64, LinuxAMD64}, got); diff != "" || err != nil {
		t.Error(diff, err)
	}
	for list, want := range map[string]string{
		"":            `platform "" is not supported`,
		"linux/amd46": `did you mean "linux/amd64"?`,
		"linux/mips":  `images are built for linux/amd64, linux/arm64, linux/arm/v7, linux/ppc64le, linux/riscv64 and linux/s390x`,
		"linux/arm":   `did you mean "linux/arm64"?`,
	} {
		if _, err := ParsePlatforms(list); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %s", list, err, want)
		}
	}
}

// TestPlatformParts holds that a platform is the same from its name and from its parts.
func TestPlatformParts(t *testing.T) {
	for _, platform := range Platforms() {
		if got := PlatformOf(platform.OS(), platform.Architecture(), platform.Variant()); got != platform {
			t.Errorf("%s: got %s", platform, got)
		}
	}
	for parts, want := range map[[3]string]Platform{
		{"linux", "arm64", "v8"}: LinuxARM64,
		{"linux", "arm", ""}:     LinuxARMv7,
		{"linux", "arm", "v6"}:   "linux/arm/v6",
		{"linux", "riscv64", ""}: LinuxRISCV64,
	} {
		if got := PlatformOf(parts[0], parts[1], parts[2]); got != want {
			t.Errorf("%q: got %s, want %s", parts, got, want)
		}
	}
}

// TestAnyPlatform holds which definitions may be built for platforms that they do not name.
func TestAnyPlatform(t *testing.T) {
	for text, want := range map[string]bool{"": true, "platforms: [linux/s390x]\n": false} {
		definition, err := Parse("x.yaml", []byte("name: x\nbase: scratch\n"+text), nil)
		if err != nil || definition.AnyPlatform != want || want && cmp.Diff(definition.Platforms, UsualPlatforms()) != "" {
			t.Errorf("%q: got %t, %v, %v", text, definition.AnyPlatform, definition.Platforms, err)
		}
	}
}

func TestSize(t *testing.T) {
	for text, want := range map[string]Size{
		"1B": 1, "999B": 999, "1kB": 1000, "6.5MB": 6_500_000, "6.000001MB": 6_000_001, "2GB": 2_000_000_000, "1.5kB": 1500,
	} {
		got, err := ParseSize(text)
		if got != want || err != nil || got.String() != text {
			t.Errorf("%s: got %d, %v, written %s", text, got, err, got)
		}
	}
	for _, text := range []string{"", "MB", "0MB", "-1MB", "+1MB", "1", "1 MB", "1mb", "1MiB", "1.MB", ".5MB", "1.5B", "1e3MB", "999999999999999GB", "1_0MB"} {
		if got, err := ParseSize(text); err == nil {
			t.Errorf("%q: accepted as %d", text, got)
		}
	}
}

// TestSchema holds that schema.json describes the format as the loader has it.
// Write it with: go test ./images -run TestSchema -update
func TestSchema(t *testing.T) {
	reflector := jsonschema.Reflector{Anonymous: true, DoNotReference: true}
	if err := reflector.AddGoComments("github.com/sciabarracom/openwhisk-runtime-go/images", "."); err != nil {
		t.Fatal(err)
	}
	schema := reflector.Reflect(&Definition{})
	schema.Title = "mkimage image definition"
	constrain(t, schema)
	got, err := json.MarshalIndent(schema, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		write(t, "schema.json", string(got))
	}
	want, err := os.ReadFile("schema.json")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("schema.json is not up to date; run go test ./images -run TestSchema -update\n%s", diff)
	}

	var keys []string
	for pair := schema.Properties.Oldest(); pair != nil; pair = pair.Next() {
		keys = append(keys, pair.Key)
	}
	fields := (&reader{}).fields()
	for _, key := range keys {
		if fields[key] == nil {
			t.Errorf("the loader does not read %s", key)
		}
	}
	if len(keys) != len(fields) {
		t.Errorf("the schema has the keys %v, the loader has %d", keys, len(fields))
	}
}

// constrain adds the rules that Go types cannot express, from the constants of the loader, to the schema.
func constrain(t *testing.T, schema *jsonschema.Schema) {
	property := func(name string) *jsonschema.Schema {
		property, ok := schema.Properties.Get(name)
		if !ok {
			t.Fatalf("no property %s", name)
		}
		return property
	}
	property("name").Pattern = namePattern
	property("base").Enum = []any{Scratch, Alpine}
	property("alpine").Pattern = releasePattern
	property("stemcells").Items.Pattern = stemcellPattern
	property("packages").Items.Pattern = packagePattern
	property("env").PropertyNames = &jsonschema.Schema{Pattern: variablePattern}
	for _, platform := range Platforms() {
		property("platforms").Items.Enum = append(property("platforms").Items.Enum, platform)
	}
	for _, list := range []string{"stemcells", "packages", "platforms"} {
		property(list).UniqueItems = true
	}
	property("entrypoint").MinItems = new(uint64)
	*property("entrypoint").MinItems = 1
	step := property("run").Items
	step.Required = []string{"script"}
	for name, pattern := range map[string]string{"packages": packagePattern, "cache": cachePattern, "files": ""} {
		list, _ := step.Properties.Get(name)
		list.Items.Pattern, list.UniqueItems = pattern, true
	}
	secrets, _ := step.Properties.Get("secrets")
	secrets.PropertyNames = &jsonschema.Schema{Pattern: secretPattern}
	secrets.AdditionalProperties.Pattern = sourcePattern
	property("budget").Type = "string"
	property("budget").Pattern = sizePattern
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
