package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/sbom"
)

const checksums = "checksums.txt"

// writeSBOM writes ARCHIVE.spdx.json.
func (r *release) writeSBOM(t target, archive string, program []byte) error {
	sum := sha256.Sum256(program)
	id := r.version + "-" + t.os + "-" + t.arch + "-" + hex.EncodeToString(sum[:])
	document, err := sbom.OfProgram("mkimage", r.version, id, t.os+"-"+t.arch, r.time, bytes.NewReader(program))
	if err != nil {
		return err
	}
	return r.write(archive+".spdx.json", document)
}

// writeNotes writes the part of CHANGELOG.md on this version, or on unreleased changes.
func (r *release) writeNotes() error {
	text, err := os.ReadFile(filepath.Join(r.root, "CHANGELOG.md"))
	if err != nil {
		return err
	}
	return r.write("notes.md", []byte(notes(string(text), r.number())))
}

// notes returns the section of a version, or that of unreleased changes where the version has none.
func notes(changelog, number string) string {
	for _, title := range []string{"## [" + number + "]", "## [Unreleased]"} {
		if _, rest, ok := strings.Cut(changelog, title); ok {
			_, rest, _ = strings.Cut(rest, "\n")
			section, _, _ := strings.Cut(rest, "\n## ")
			return strings.TrimSpace(section) + "\n"
		}
	}
	return ""
}

// sums returns the SHA-256 of each file of the release, in hexadecimal.
func (r *release) sums() (map[string]string, error) {
	entries, err := os.ReadDir(r.output)
	if err != nil {
		return nil, err
	}
	all := map[string]string{}
	for _, entry := range entries {
		content, err := os.ReadFile(filepath.Join(r.output, entry.Name()))
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(content)
		all[entry.Name()] = hex.EncodeToString(sum[:])
	}
	return all, nil
}

// writeChecksums writes the file that sha256sum --check reads.
func (r *release) writeChecksums() error {
	sums, err := r.sums()
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, name := range slices.Sorted(maps.Keys(sums)) {
		fmt.Fprintf(&text, "%s  %s\n", sums[name], name)
	}
	return r.write(checksums, []byte(text.String()))
}

// writeProvenance writes an in-toto statement with SLSA provenance v1 about the archives and packages.
func (r *release) writeProvenance(subjects []string) error {
	sums, err := r.sums()
	if err != nil {
		return err
	}
	type digest map[string]string
	type subject struct {
		Name   string `json:"name"`
		Digest digest `json:"digest"`
	}
	type material struct {
		URI    string `json:"uri"`
		Digest digest `json:"digest,omitempty"`
	}
	var named []subject
	for _, name := range subjects {
		named = append(named, subject{name, digest{"sha256": sums[name]}})
	}
	statement := map[string]any{
		"_type": "https://in-toto.io/Statement/v1", "subject": named, "predicateType": "https://slsa.dev/provenance/v1",
		"predicate": map[string]any{
			"buildDefinition": map[string]any{
				"buildType":          homepage + "/blob/main/ci/release",
				"externalParameters": map[string]any{"version": r.version, "targets": fmt.Sprint(r.targets)},
				"resolvedDependencies": []material{
					{"git+" + homepage + "@" + r.commit, digest{"gitCommit": r.commit}},
					{"https://go.dev/dl/#" + runtime.Version(), nil},
				},
			},
			"runDetails": map[string]any{"builder": map[string]any{"id": homepage + "/blob/main/ci/release"}},
		},
	}
	text, err := json.MarshalIndent(statement, "", "  ")
	if err != nil {
		return err
	}
	return r.write("mkimage_"+r.number()+".intoto.json", append(text, '\n'))
}

// writeFormula writes a Homebrew formula, when all of its archives are there.
func (r *release) writeFormula() error {
	sums, err := r.sums()
	if err != nil {
		return err
	}
	var text strings.Builder
	fmt.Fprintf(&text, "class Mkimage < Formula\n  desc \"Builds minimal container images for OpenWhisk actions\"\n  homepage %q\n  version %q\n  license \"Apache-2.0\"\n", homepage, r.number())
	for _, system := range []struct{ os, on string }{{"darwin", "macos"}, {"linux", "linux"}} {
		fmt.Fprintf(&text, "\n  on_%s do\n", system.on)
		for _, cpu := range []struct{ arch, on string }{{"arm64", "arm"}, {"amd64", "intel"}} {
			name := fmt.Sprintf("mkimage_%s_%s_%s.tar.gz", r.number(), system.os, cpu.arch)
			sum, ok := sums[name]
			if !ok {
				return nil
			}
			fmt.Fprintf(&text, "    on_%s do\n      url \"%s/releases/download/%s/%s\"\n      sha256 %q\n    end\n", cpu.on, homepage, r.version, name, sum)
		}
		text.WriteString("  end\n")
	}
	text.WriteString(`
  def install
    bin.install "mkimage"
    man1.install Dir["man/*.1"]
    bash_completion.install "completions/mkimage.bash" => "mkimage"
    zsh_completion.install "completions/_mkimage"
    fish_completion.install "completions/mkimage.fish"
  end

  test do
    system bin/"mkimage", "version"
  end
end
`)
	return r.write("mkimage.rb", []byte(text.String()))
}
