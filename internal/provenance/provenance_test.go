package provenance

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	slsa "github.com/in-toto/attestation/go/predicates/provenance/v1"
	intoto "github.com/in-toto/attestation/go/v1"
	"google.golang.org/protobuf/encoding/protojson"
)

const (
	one   = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
	two   = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
	three = "sha256:3333333333333333333333333333333333333333333333333333333333333333"
)

// bash is a build with everything that a statement can have.
func bash(t *testing.T) Build {
	t.Helper()
	launcher, err := Files("stemcells/bash", "", map[string][]byte{"launcher": []byte("#!/bin/bash\n")})
	if err != nil {
		t.Fatal(err)
	}
	return Build{
		Image: "bash", Digest: one,
		Platforms: []Platform{{"amd64", two}, {"arm64", three}},
		Parameters: Parameters{Image: "bash", Definition: "images/bash.yaml", Platforms: []string{"linux/amd64", "linux/arm64"},
			Locked: true, AlpineRelease: "v3.22", Action: "hello", GoTags: "netgo", GoLDFlags: "given", Proxy: "given", SourceDateEpoch: 1,
			Steps: []Step{
				{Name: "run-1", Script: "gem install rack\n", Network: true, Cache: []string{"/root/.gem"}, Secrets: []string{"TOKEN"}},
				{Name: "run-2", Script: "make", Packages: []string{"build-base"}},
			},
			CacheFrom: "given"},
		Materials: []Material{
			Checkout{Repository: "git+https://example.org/actions", Commit: strings.Repeat("a", 40), Modified: true}.Material(),
			File("images/bash.yaml", []byte("name: bash\n")),
			launcher,
			{URI: "pkg:apk/alpine/musl@1.2.5-r9?arch=x86_64", Digest: map[string]string{"sha256": one[7:]}},
		},
		Engine:   "buildkit",
		Versions: map[string]string{"mkimage": "v1.0.0", "go": "go1.26.8", "buildkit": "v0.32.2"},
	}
}

// TestStatementIsInToto holds our JSON against the parsers and the rules of in-toto's own library.
func TestStatementIsInToto(t *testing.T) {
	text, err := Make(bash(t))
	if err != nil {
		t.Fatal(err)
	}
	var statement intoto.Statement
	if err := protojson.Unmarshal(text, &statement); err != nil {
		t.Fatal(err)
	}
	if err := statement.Validate(); err != nil {
		t.Error(err)
	}
	if len(statement.Subject) != 3 || statement.Subject[1].Digest["sha256"] != two[7:] {
		t.Errorf("subjects %v", statement.Subject)
	}
	if statement.PredicateType != "https://slsa.dev/provenance/v1" {
		t.Errorf("predicate type %s", statement.PredicateType)
	}
	raw, err := protojson.Marshal(statement.Predicate)
	if err != nil {
		t.Fatal(err)
	}
	var predicate slsa.Provenance
	if err := protojson.Unmarshal(raw, &predicate); err != nil {
		t.Fatal(err)
	}
	if err := predicate.Validate(); err != nil {
		t.Error(err)
	}
	if got := predicate.BuildDefinition.ExternalParameters.Fields["definition"].GetStringValue(); got != "images/bash.yaml" {
		t.Errorf("definition %q", got)
	}
	if got := len(predicate.BuildDefinition.ResolvedDependencies); got != 4 {
		t.Errorf("%d dependencies", got)
	}
	if got := predicate.BuildDefinition.InternalParameters.Fields["engine"].GetStringValue(); got != "buildkit" {
		t.Errorf("engine %q", got)
	}
	for i, network := range []bool{true, false} { // whether there was a network is always said
		step := predicate.BuildDefinition.ExternalParameters.Fields["steps"].GetListValue().Values[i].GetStructValue()
		if got, said := step.Fields["network"]; !said || got.GetBoolValue() != network {
			t.Errorf("step %d: %v", i, step)
		}
	}
	if got := predicate.RunDetails.Builder.Version["mkimage"]; got != "v1.0.0" {
		t.Errorf("version %q", got)
	}
}

func TestStatementIsTheSameAgain(t *testing.T) {
	first, err := Make(bash(t))
	if err != nil {
		t.Fatal(err)
	}
	second, err := Make(bash(t))
	if err != nil || !bytes.Equal(first, second) {
		t.Errorf("other bytes: %v", err)
	}
	var any map[string]any
	if err := json.Unmarshal(first, &any); err != nil {
		t.Error(err)
	}
	if bytes.Contains(first, []byte("startedOn")) || bytes.Contains(first, []byte("finishedOn")) {
		t.Error("it has a time")
	}
}

func TestMakeRefuses(t *testing.T) {
	for name, build := range map[string]Build{
		"no name":       {Digest: one},
		"no digest":     {Image: "bash"},
		"another hash":  {Image: "bash", Digest: "sha512:" + one[7:]},
		"a short one":   {Image: "bash", Digest: one[:20]},
		"of a platform": {Image: "bash", Digest: one, Platforms: []Platform{{"amd64", "two"}}},
	} {
		t.Run(name, func(t *testing.T) {
			if text, err := Make(build); err == nil {
				t.Errorf("got %s", text)
			}
		})
	}
}

// TestFilesIsDirHash has the value that "sha256sum a b | sha256sum" gives, which is what dirHash is for in-toto.
func TestFilesIsDirHash(t *testing.T) {
	m, err := Files("two", "", map[string][]byte{"b": []byte("2"), "a": []byte("1")})
	if err != nil {
		t.Fatal(err)
	}
	if want := "68c2919f4305e50800082ab7f11eb17d96c7832f59154e97b1d373a5179a63ea"; m.Digest["dirHash"] != want {
		t.Errorf("got %s, want %s", m.Digest["dirHash"], want)
	}
}
