package stemcells_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"
)

// page returns the files that docs/stemcells.md shows, by name.
func page(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../docs/stemcells.md")
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, block := range regexp.MustCompile("(?ms)^```[a-z]+ file=(\\S+)\n(.*?)^```$").FindAllStringSubmatch(string(text), -1) {
		files[block[1]] = block[2]
	}
	return files
}

// TestPerl makes the stemcell of docs/stemcells.md in a folder of its own, and runs its example.
func TestPerl(t *testing.T) {
	files := page(t)
	var written []string
	for name, text := range files {
		written = append(written, name, text)
	}
	set, err := stemcells.Load(os.DirFS(folder(t, written...)), "stemcells")
	if err != nil {
		t.Fatal(err)
	}
	picked, err := set.Pick([]string{"perl"})
	if err != nil {
		t.Fatal(err)
	}
	image := t.TempDir()
	for _, file := range picked[0].Image() {
		name := filepath.Join(image, file.Path)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		mode := os.FileMode(0o644)
		if file.Program {
			mode = 0o755
		}
		if err := os.WriteFile(name, file.Content, mode); err != nil {
			t.Fatal(err)
		}
	}
	perl := language{launcher: filepath.Join(image, stemcells.Launchers(picked)), file: "main.pl", programs: []string{"perl"}}

	s := perl.start(t, files["perl/example.pl"])
	s.expect([]run{
		{`{"name":"Mike"}`, `{"greetings":"Hello, Mike"}`, "activation a1\n"},
		{`{"name":"❄ ☃ ❄"}`, `{"greetings":"Hello, ❄ ☃ ❄"}`, "activation a1\n"},
	})
	s.end()

	s = perl.start(t, `sub main { my $a = shift; die "no name\n" unless $a->{name}; system("ls /proc/self/fd | wc -l"); $a->{name} }`)
	s.expect([]run{
		{`{}`, `{"error":"no name\n"}`, ""},
		{`{"name":1}`, `{"error":"main did not return a hash or an array\n"}`, ""},
	})
	s.end()

	tellsNothing(t, perl.start(t, `sub main { { fine => JSON::PP::true } }`))

	for source, want := range map[string]string{
		"sub main {\n  (\n}\n":  "main.pl line 3",
		"sub mian { }\n1;":      "main.pl has no sub main",
		"die 'no database'; 1;": "no database at ",
	} {
		if log := perl.begin(t, folder(t, "main.pl", source), "main").fails(); !strings.Contains(log, want) {
			t.Errorf("logged %q, want %q", log, want)
		}
	}
}

// The functions of the page are the examples beside the launchers, without their first line.
func TestPageShowsTheExamples(t *testing.T) {
	text, err := os.ReadFile("../docs/stemcells.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"bash/example.sh", "ruby/example.rb", "python/example.py"} {
		example, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		_, function, _ := strings.Cut(string(example), "\n")
		if !strings.Contains(string(text), "\n"+function+"```") {
			t.Errorf("docs/stemcells.md does not show %s", name)
		}
	}
}
