package sbom

import (
	"bytes"
	"flag"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/package-url/packageurl-go"
	spdxjson "github.com/spdx/tools-golang/json"
	"github.com/spdx/tools-golang/spdx"
	"github.com/spdx/tools-golang/spdx/v2/common"
	"github.com/spdx/tools-golang/spdxlib"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

var update = flag.Bool("update", false, "write testdata anew")

// TestScratch compares the document of an image with what it was before. Other certificates give another one.
// Write it with: go test ./internal/sbom -update
func TestScratch(t *testing.T) {
	document := list(t, "scratch", scratch(t), Sources{Roots: "v0.0.1"})
	testkit.Golden(t, "testdata/scratch.spdx.json", document, *update)
	store, err := cache.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // what is kept of the layers makes no difference
		if again := list(t, "scratch", scratch(t), Sources{Roots: "v0.0.1", Cache: store}); !bytes.Equal(document, again) {
			t.Error("another build gives another document, with a cache")
		}
	}
	if again := list(t, "scratch", scratch(t), Sources{Roots: "v0.0.1"}); !bytes.Equal(document, again) {
		t.Error("the same image gives other bytes")
	}
}

func TestGoProgram(t *testing.T) {
	action := program(t, "go1.26.8 X:jsonv2", strings.Join([]string{
		"path\texample.org/shop/cmd/pay",
		"mod\texample.org/shop\tv1.2.3\th1:main=",
		"dep\tgithub.com/google/uuid\tv1.6.0\th1:uuid=",
		"dep\texample.org/old\tv0.1.0",
		"=>\texample.org/fork\tv0.2.0\th1:fork=",
		"dep\texample.org/here\tv0.0.0",
		"=>\t./here\t(devel)\t",
		"build\tGOOS=linux", ""}, "\n"))
	index := stack(t, time.Unix(0, 0), stackLayer{"action", []layer.File{
		layer.Directory("action", 0o775), layer.Regular("action/exec", 0o755, action), text("action/prices.csv", "1,2\n"),
	}})
	document := parse(t, list(t, "stack", index, Sources{}))
	diff := cmp.Diff([]string{
		"example.org/fork v0.2.0 pkg:golang/example.org/fork@v0.2.0",
		"example.org/here pkg:golang/example.org/here",
		"github.com/google/uuid v1.6.0 pkg:golang/github.com/google/uuid@v1.6.0",
		"stdlib 1.26.8 pkg:golang/stdlib@1.26.8",
	}, related(document, named(t, document, "example.org/shop/cmd/pay"), common.TypeRelationshipDependsOn))
	if diff != "" {
		t.Error(diff)
	}
	diff = cmp.Diff([]string{"./action/exec", "./action/prices.csv"}, related(document, named(t, document, "action"), common.TypeRelationshipContains))
	if diff != "" {
		t.Error(diff)
	}
	var exec common.ElementID
	for _, f := range document.Files {
		if f.FileName == "./action/exec" {
			exec = f.FileSPDXIdentifier
		}
	}
	diff = cmp.Diff([]string{"example.org/shop/cmd/pay v1.2.3 pkg:golang/example.org/shop@v1.2.3#cmd/pay"}, related(document, exec, common.TypeRelationshipGeneratedFrom))
	if diff != "" {
		t.Error(diff)
	}
}

func TestUpperFileCounts(t *testing.T) {
	index := stack(t, time.Unix(0, 0),
		stackLayer{"base", []layer.File{text("greeting", "hello"), text("motto", "small")}},
		stackLayer{"action", []layer.File{text("greeting", "good day")}})
	document := parse(t, list(t, "stack", index, Sources{}))
	for name, want := range map[string][]string{"base": {"./motto"}, "action": {"./greeting"}} {
		if diff := cmp.Diff(want, related(document, named(t, document, name), common.TypeRelationshipContains)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestCreated(t *testing.T) {
	index := stack(t, time.Unix(1700000000, 0), stackLayer{"base", []layer.File{text("a", "b")}})
	document := parse(t, list(t, "stack", index, Sources{}))
	if got, want := document.CreationInfo.Created, "2023-11-14T22:13:20Z"; got != want {
		t.Errorf("created %s, want %s", got, want)
	}
}

func TestBrokenProgramIsAFile(t *testing.T) {
	for _, content := range []string{"\x7fELF", "\x7fELF and no more", "", "\x7f"} {
		index := stack(t, time.Unix(0, 0), stackLayer{"action", []layer.File{text("exec", content)}})
		document := parse(t, list(t, "stack", index, Sources{}))
		if diff := cmp.Diff([]string{"./exec"}, related(document, named(t, document, "action"), common.TypeRelationshipContains)); diff != "" {
			t.Errorf("%q: %s", content, diff)
		}
	}
}

func list(t *testing.T, name string, index v1.ImageIndex, sources Sources) []byte {
	t.Helper()
	document, err := Make(name, index, sources)
	if err != nil {
		t.Fatal(err)
	}
	parse(t, document)
	return document
}

// parse reads a document with the library, and checks what the library does not.
func parse(t *testing.T, text []byte) *spdx.Document {
	t.Helper()
	document, err := spdxjson.Read(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if err := spdxlib.ValidateDocument(document); err != nil {
		t.Error(err)
	}
	if described, err := spdxlib.GetDescribedPackageIDs(document); err != nil || !slices.Equal(described, []common.ElementID{"Image"}) {
		t.Errorf("it describes %v, %v", described, err)
	}
	known := map[common.ElementID]bool{"DOCUMENT": true}
	add := func(id common.ElementID) {
		if known[id] || !regexp.MustCompile(`^[a-zA-Z0-9.-]+$`).MatchString(string(id)) {
			t.Errorf("identifier %s is there twice, or is none", id)
		}
		known[id] = true
	}
	for _, p := range document.Packages {
		add(p.PackageSPDXIdentifier)
		if p.FilesAnalyzed != (p.PackageVerificationCode != nil) || p.FilesAnalyzed != (p.PackageLicenseInfoFromFiles != nil) {
			t.Errorf("%s: files and verification code do not go together", p.PackageName)
		}
		if p.PackageName == "" || p.PackageDownloadLocation == "" || p.PackageSupplier == nil {
			t.Errorf("%+v lacks what a package must have", p)
		}
		for _, reference := range p.PackageExternalReferences {
			if _, err := packageurl.FromString(reference.Locator); err != nil {
				t.Errorf("%s: %v", reference.Locator, err)
			}
		}
	}
	for _, f := range document.Files {
		add(f.FileSPDXIdentifier)
	}
	reached := map[common.ElementID]bool{"DOCUMENT": true, "Image": true}
	for _, r := range document.Relationships {
		if r.Relationship == common.TypeRelationshipContains && reached[r.RefA.ElementRefID] {
			reached[r.RefB.ElementRefID] = true
		}
	}
	for id := range known {
		if !reached[id] {
			t.Errorf("nothing contains %s", id)
		}
	}
	return document
}

// named returns the identifier of the package with a name.
func named(t *testing.T, document *spdx.Document, name string) common.ElementID {
	t.Helper()
	for _, p := range document.Packages {
		if p.PackageName == name {
			return p.PackageSPDXIdentifier
		}
	}
	t.Fatalf("no package %s", name)
	return ""
}

// related returns what an element is in this relationship with, sorted: NAME VERSION PURL of packages, the names of
// files.
func related(document *spdx.Document, id common.ElementID, kind string) []string {
	shown := map[common.ElementID]string{}
	for _, p := range document.Packages {
		words := []string{p.PackageName, p.PackageVersion}
		for _, reference := range p.PackageExternalReferences {
			words = append(words, reference.Locator)
		}
		shown[p.PackageSPDXIdentifier] = strings.Join(slices.DeleteFunc(words, func(word string) bool { return word == "" }), " ")
	}
	for _, f := range document.Files {
		shown[f.FileSPDXIdentifier] = f.FileName
	}
	var all []string
	for _, r := range document.Relationships {
		if r.RefA.ElementRefID == id && r.Relationship == kind {
			all = append(all, shown[r.RefB.ElementRefID])
		}
	}
	slices.Sort(all)
	return all
}
