package source_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/sciabarracom/openwhisk-runtime-go"

// rules say what the packages below a folder of this module may import of this module. The first that fits counts;
// test files and folders without a rule (bench, ci, e2e) are free, but nothing may import those.
var rules = []struct {
	folder string
	may    []string
}{
	{"proxy", []string{"proxy"}},
	{"openwhisk", []string{"openwhisk", "proxy"}},
	{"images", []string{"internal/human", "internal/mistake", "internal/suggest", "proxy/variable"}},
	{"stemcells/go", []string{"openwhisk"}},
	{"stemcells", []string{"images", "proxy/variable"}},
	{"internal/cache", []string{"internal/atomicfile"}},
	{"internal/content", []string{"internal/cache", "internal/goparts"}},
	{"internal/goparts", nil},
	{"internal/layer", []string{"internal/blockgzip", "internal/cache", "internal/content"}},
	{"internal/blockgzip", nil},
	{"internal/gobuild", []string{"images", "proxy/code", "internal/cache", "internal/gobuild"}},
	{"internal/release", nil},
	{"internal/action", []string{"images", "openwhisk", "proxy/code", "stemcells", "internal/cache", "internal/content", "internal/gobuild", "internal/human", "internal/layer"}},
	{"internal/plan", []string{"images", "proxy/variable", "stemcells", "internal/action", "internal/apkfs", "internal/cache", "internal/content", "internal/gobuild", "internal/human", "internal/layer"}},
	{"internal/engine/buildkit", []string{"images", "internal/atomicfile", "internal/cache", "internal/content", "internal/destination", "internal/engine", "internal/human", "internal/layer", "internal/page", "internal/plan", "internal/progress", "internal/registry"}},
	{"internal/engine", []string{"images", "internal/cache", "internal/content", "internal/engine", "internal/layer", "internal/page", "internal/plan"}},
	{"internal/layout", []string{"images", "internal/human", "internal/suggest"}},
	{"internal/destination", nil},
	{"internal/patient", []string{"internal/human"}},
	{"internal/registry", []string{"internal/destination", "internal/human", "internal/layout", "internal/patient"}},
	{"internal/referrers", []string{"internal/human", "internal/registry"}},
	{"internal/human", nil},
	{"internal/mistake", nil},
	{"internal/suggest", nil},
	{"internal/git", nil},
	{"internal/testkit", nil},
	{"internal/page", nil},
	{"internal/provenance", []string{"internal/git", "internal/page", "internal/release"}},
	{"internal", []string{"images", "stemcells", "internal"}},
	{"cmd", []string{"", "images", "stemcells", "internal", "cmd"}},
	{".", nil},
}

// only says which foreign modules one folder alone may import.
var only = map[string]string{
	"chainguard.dev/apko":      "internal/apkfs",
	"github.com/moby/buildkit": "internal/engine/buildkit",
	"github.com/spdx":          "internal/sbom",
}

// standard are the folders that import the standard library alone, because they are linked into small programs.
var standard = []string{"proxy", "openwhisk", "."}

// heavy are packages that would bring modules of some hundred MB, for a part that is not used.
var heavy = []string{"chainguard.dev/apko/pkg/apk/apk", "chainguard.dev/apko/pkg/apk/auth", "google.golang.org/api"}

func TestImports(t *testing.T) {
	for file, imports := range importsByFile(t) {
		folder := path.Dir(file)
		for _, imported := range imports {
			if problem := judge(folder, imported); problem != "" {
				t.Errorf("%s imports %s: %s", file, imported, problem)
			}
		}
	}
}

// TestJudge holds that the rules can fail.
func TestJudge(t *testing.T) {
	for _, test := range []struct {
		folder, imported string
		ok               bool
	}{
		{"proxy/whisk", "syscall", true},
		{"proxy/whisk", module + "/proxy/http1", true},
		{"proxy/whisk", module + "/internal/layer", false},
		{"proxy", "golang.org/x/sys/unix", false},
		{"openwhisk", "github.com/google/go-cmp/cmp", false},
		{"images", module + "/internal/plan", false},
		{"images", module + "/internal/human", true},
		{"internal/human", module + "/images", false},
		{"internal/registry", module + "/internal/destination", true},
		{"internal/destination", module + "/internal/registry", false},
		{"internal/registry", module + "/internal/patient", true},
		{"internal/patient", module + "/internal/registry", false},
		{"internal/layer", module + "/internal/plan", false},
		{"internal/plan", module + "/internal/engine/embedded", false},
		{"internal/publish", module + "/cmd/mkimage", false},
		{"internal/publish", module + "/internal/layout", true},
		{"internal/layout", module + "/internal/registry", false},
		{"internal/human", module + "/internal/suggest", false},
		{"images", module + "/internal/suggest", true},
		{"internal/apkfs", "chainguard.dev/apko/pkg/apk/expandapk", true},
		{"internal/plan", "chainguard.dev/apko/pkg/apk/expandapk", false},
		{"internal/apkfs", "chainguard.dev/apko/pkg/apk/apk", false},
		{"internal/engine/embedded", "github.com/moby/buildkit/client", false},
		{"cmd/mkimage", module, true},
		{"internal/plan", module, false},
		{"cmd/mkimage", module + "/bench", false},
		{"cmd/mkimage", module + "/internal/testkit", false},
	} {
		if problem := judge(test.folder, test.imported); (problem == "") != test.ok {
			t.Errorf("%s imports %s: got %q", test.folder, test.imported, problem)
		}
	}
}

// judge returns what is wrong with an import, or "".
func judge(folder, imported string) string {
	own, ours := strings.CutPrefix(imported, module)
	own = strings.TrimPrefix(own, "/")
	first, _, _ := strings.Cut(imported, "/")
	if !ours && strings.Contains(first, ".") && slices.ContainsFunc(standard, func(f string) bool { return below(folder, f) }) {
		return "only the standard library is linked here"
	}
	for foreign, home := range only {
		if below(imported, foreign) && !below(folder, home) {
			return "only " + home + " does that"
		}
	}
	if slices.ContainsFunc(heavy, func(h string) bool { return below(imported, h) }) {
		return "it is too heavy to download"
	}
	if !ours {
		return ""
	}
	if own == "internal/testkit" {
		return "only test files start programs"
	}
	for _, rule := range rules {
		if below(folder, rule.folder) {
			if slices.ContainsFunc(rule.may, func(may string) bool { return own == may || may != "" && below(own, may) }) || own == folder {
				return ""
			}
			return "imports go downwards (" + rule.folder + " may import " + strings.Join(rule.may, ", ") + ")"
		}
	}
	return ""
}

func below(name, folder string) bool { return name == folder || strings.HasPrefix(name, folder+"/") }

// importsByFile returns the imports of every Go file of the module that is not a test.
func importsByFile(t *testing.T) map[string][]string {
	all := map[string][]string{}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() {
			_, nested := os.Stat(filepath.Join(name, "go.mod"))
			hidden := strings.HasPrefix(entry.Name(), ".") || strings.HasPrefix(entry.Name(), "_") || entry.Name() == "testdata"
			if name != "." && (nested == nil || hidden) {
				return fs.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			all[filepath.ToSlash(name)] = append(all[filepath.ToSlash(name)], imported)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
