package sbom

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestPackages reads back what was written.
func TestPackages(t *testing.T) {
	index := scratch(t)
	found, err := Packages(list(t, "scratch", index, Sources{Roots: "v1.2.3"}))
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != len(manifest.Manifests)+1 { // the index has no packages of its own
		t.Errorf("%d images", len(found))
	}
	want := []Package{
		{"github.com/sciabarracom/openwhisk-runtime-go/proxy", "", "Apache-2.0", "pkg:golang/github.com/sciabarracom/openwhisk-runtime-go#proxy"},
		{"golang.org/x/crypto/x509roots/fallback", "v1.2.3", "MPL-2.0", "pkg:golang/golang.org/x/crypto/x509roots/fallback@v1.2.3"},
		{"stdlib", "1.26.8", "BSD-3-Clause", "pkg:golang/stdlib@1.26.8"},
	}
	for _, descriptor := range manifest.Manifests {
		if diff := cmp.Diff(want, found[descriptor.Digest.String()]); diff != "" {
			t.Error(diff)
		}
	}
}

func TestPackagesOfForeignDocuments(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"not JSON", "SPDXVersion: SPDX-2.3", "not SPDX as JSON"},
		{"another form", `{"packages": {}}`, "not SPDX as JSON"},
		{"another format", `{"bomFormat": "CycloneDX"}`, `of version "", not of SPDX 2`},
		{"a later version", `{"spdxVersion": "SPDX-3.0"}`, `of version "SPDX-3.0"`},
		{"nothing in it", `{"spdxVersion": "SPDX-2.3"}`, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			found, err := Packages([]byte(test.text))
			if test.want == "" && (err != nil || len(found) > 0) || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, %v; want %q", found, err, test.want)
			}
		})
	}
}

func FuzzPackages(f *testing.F) {
	f.Add([]byte(`{"spdxVersion": "SPDX-2.3", "packages": [{"SPDXID": "a", "primaryPackagePurpose": "CONTAINER", "versionInfo": "sha256:1"},
		{"SPDXID": "b", "externalRefs": [{"referenceType": "purl", "referenceLocator": "pkg:apk/alpine/bash"}]}],
		"relationships": [{"spdxElementId": "a", "relationshipType": "CONTAINS", "relatedSpdxElement": "b"}]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		found, err := Packages(text)
		for _, packages := range found {
			for _, p := range packages {
				if err != nil || p.URL == "" {
					t.Errorf("%+v, %v", p, err)
				}
			}
		}
	})
}
