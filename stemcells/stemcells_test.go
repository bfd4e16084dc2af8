package stemcells

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
)

func TestShipped(t *testing.T) {
	set, err := Shipped()
	if err != nil {
		t.Fatal(err)
	}
	for name, stemcell := range set {
		if stemcell.Description == "" {
			t.Errorf("%s has no description", name)
		}
	}
	if known := set.Known(); len(known["bash"]) == 0 || len(known["ruby"]) == 0 || len(known["python"]) == 0 {
		t.Errorf("want packages for bash, ruby and python, got %v", known)
	}
}

// perl is the stemcell of the package's comment.
func perl() fstest.MapFS {
	return fstest.MapFS{
		"perl/stemcell.yaml": {Data: []byte(`name: perl
description: Perl functions
packages: [perl]
launcher: launcher.pl
main: [main.pl]
files: [json.pl]
env: {PERL5LIB: /action}
trim:
  - {path: usr/share/man, saves: 1.2MB, why: nobody reads manuals in an action}
`)},
		"perl/launcher.pl":     {Data: []byte("launch")},
		"perl/json.pl":         {Data: []byte("json")},
		"perl/example/main.pl": {Data: []byte("example")},
		"README.md":            {Data: []byte("not a stemcell")},
		"notes/README.md":      {Data: []byte("not a stemcell either")},
	}
}

func TestLoad(t *testing.T) {
	set, err := Load(perl(), "stemcells")
	if err != nil {
		t.Fatal(err)
	}
	picked, err := set.Pick([]string{"perl"})
	if err != nil || len(set) != 1 {
		t.Fatalf("got %v, %v", set, err)
	}
	want := []File{
		{"usr/lib/mkimage/perl/json.pl", false, []byte("json")},
		{"usr/lib/mkimage/perl/launcher.pl", true, []byte("launch")},
		{"usr/lib/mkimage/perl/stemcell", false, []byte("protocol actionloop\nmain main.pl\n")},
	}
	if diff := cmp.Diff(want, picked[0].Image()); diff != "" {
		t.Error(diff)
	}
	if got := Launchers(append(picked, picked[0])); got != "/usr/lib/mkimage/perl/launcher.pl:/usr/lib/mkimage/perl/launcher.pl" {
		t.Errorf("launchers: %s", got)
	}
	if diff := cmp.Diff([]string{"usr/share/man"}, picked[0].Paths()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(images.Stemcells{"perl": {"perl"}}, set.Known()); diff != "" {
		t.Error(diff)
	}
	if _, err := set.Pick([]string{"pearl"}); err == nil {
		t.Error("picked a stemcell that is not there")
	}
}

func TestLoadRefuses(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"another name":        {"name: pearl", `name is "pearl"`},
		"unknown key":         {"name: perl\nlauncer: x", "launcer"},
		"not YAML":            {"name: [", "stemcells/perl/stemcell.yaml:"},
		"unknown protocol":    {"name: perl\nprotocol: v9", "there are actionloop, v1 and v0"},
		"no launcher":         {"name: perl\nmain: [main.pl]", "without a launcher"},
		"launcher is missing": {"name: perl\nlauncher: other.pl", "other.pl"},
		"launcher elsewhere":  {"name: perl\nlauncher: ../launcher.pl", "beside the launcher"},
		"settings replaced":   {"name: perl\nlauncher: stemcell", "beside the launcher"},
		"main elsewhere":      {"name: perl\nlauncher: launcher.pl\nmain: [lib/main.pl]", "not the name of a file"},
		"bad variable":        {"name: perl\nenv: {A B: c}", "environment variable"},
		"bad setting":         {"name: perl\nenv: {OW_PROTOCOL: v9}", `OW_PROTOCOL="v9": want auto or v0`},
		"trims all":           {"name: perl\ntrim: [{path: '**', saves: 1MB}]", "not a path"},
		"trims the root":      {"name: perl\ntrim: [{path: /usr, saves: 1MB}]", "without a leading slash"},
		"trims a bad pattern": {"name: perl\ntrim: [{path: 'usr/[', saves: 1MB}]", "not a pattern"},
		"a step without one":  {"name: perl\nrun:\n- network: true", "stemcell.yaml:3:3: a step needs a script"},
		"a step's bad key":    {"name: perl\nrun:\n- scrip: make\n", `3:3: unknown key "scrip" of a step (did you mean "script"?)`},
		"a step's bad cache":  {"name: perl\nrun: [{script: make, cache: [/proc/x]}]", "cannot be a folder to keep"},
		"saves nothing":       {"name: perl\ntrim: [{path: usr/share}]", "not a size"},
	} {
		t.Run(name, func(t *testing.T) {
			files := perl()
			files["perl/stemcell.yaml"] = &fstest.MapFile{Data: []byte(test.text)}
			if _, err := Load(files, "stemcells"); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
