package inspect

import (
	"archive/tar"
	"bytes"
	"flag"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	oci "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/referrers"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sbom"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

var update = flag.Bool("update", false, "write testdata anew")

const database = "P:musl\nV:1.2.5-r9\nA:x86_64\nF:lib\nR:ld-musl.so\n\nP:bash\nV:5.2-r0\nA:x86_64\nF:bin\nR:bash\nR:sh\n\n"

// layers are those of an image with two Alpine packages.
func layers() []map[string]string {
	return []map[string]string{
		{"lib/ld-musl.so": strings.Repeat("m", 700), "bin/sh": strings.Repeat("s", 50), "etc/motd": "hello"},
		{"bin/bash": strings.Repeat("b", 1000), "bin/sh": strings.Repeat("s", 60), "lib/apk/db/installed": database},
		{"bin/proxy": strings.Repeat("p", 2000)},
	}
}

// image makes an index with an image of layers for linux/amd64.
func image(t *testing.T, names []string, contents ...map[string]string) v1.ImageIndex {
	t.Helper()
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	for i, content := range contents {
		var archive bytes.Buffer
		w := tar.NewWriter(&archive)
		for _, path := range slices.Sorted(maps.Keys(content)) {
			text := content[path]
			if err := w.WriteHeader(&tar.Header{Name: path, Typeflag: tar.TypeReg, Mode: 0o755, Size: int64(len(text))}); err != nil {
				t.Fatal(err)
			}
			if _, err := w.Write([]byte(text)); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		l, err := tarball.LayerFromOpener(func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(archive.Bytes())), nil }, tarball.WithMediaType(types.OCILayer))
		if err != nil {
			t.Fatal(err)
		}
		if img, err = mutate.Append(img, mutate.Addendum{Layer: l, History: v1.History{CreatedBy: "mkimage " + names[i]}}); err != nil {
			t.Fatal(err)
		}
	}
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	config.OS, config.Architecture = "linux", "amd64"
	if img, err = mutate.ConfigFile(img, config); err != nil {
		t.Fatal(err)
	}
	platform := v1.Platform{OS: "linux", Architecture: "amd64"}
	return mutate.IndexMediaType(mutate.AppendManifests(empty.Index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &platform}}), types.OCIImageIndex)
}

func bash(t *testing.T) v1.ImageIndex {
	return image(t, []string{"base", "stemcell-bash", "proxy"}, layers()...)
}

// looked is what the layers tell.
func looked(t *testing.T, index v1.ImageIndex) Report {
	t.Helper()
	document, err := sbom.Make("bash", index, sbom.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	report, err := look("bash", index, document, cache.Dir{})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// remoteBash pushes the image to a registry that counts what is fetched.
type remoteBash struct {
	client    *registry.Client
	reference name.Reference
	subject   referrers.Subject
	index     v1.ImageIndex

	mutex   sync.Mutex
	fetched map[string]bool // paths of GET requests
}

func push(t *testing.T) *remoteBash {
	t.Helper()
	r := &remoteBash{index: bash(t), fetched: map[string]bool{}}
	inner := oci.New(oci.Logger(log.New(io.Discard, "", 0)), oci.WithReferrersSupport(true))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.mutex.Lock()
		if request.Method == http.MethodGet {
			r.fetched[request.URL.Path] = true
		}
		r.mutex.Unlock()
		inner.ServeHTTP(w, request)
	}))
	t.Cleanup(server.Close)
	var err error
	if r.client, err = (registry.Access{Retries: -1}).Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(r.client.Close)
	tag, err := r.client.Tag(server.Listener.Addr().String() + "/actions/bash:1")
	if err != nil {
		t.Fatal(err)
	}
	if err := r.client.Push(t.Context(), tag, r.index); err != nil {
		t.Fatal(err)
	}
	descriptor, err := partial.Descriptor(r.index)
	if err != nil {
		t.Fatal(err)
	}
	r.reference, r.subject = tag, referrers.Subject{Repository: tag.Repository, Descriptor: *descriptor}
	return r
}

func (r *remoteBash) attach(t *testing.T, kind referrers.Kind, text string) {
	t.Helper()
	document := referrers.Document{Kind: kind, File: "x", Content: []byte(text)}
	if outcomes := referrers.Writer(r.client).Add(t.Context(), r.subject, nil, document); outcomes[0].Status != referrers.Attached {
		t.Fatalf("%+v", outcomes)
	}
}

// documents are those that a push attaches.
func (r *remoteBash) documents(t *testing.T) (record, spdx string) {
	t.Helper()
	local := looked(t, r.index)
	one := local.Platforms[0]
	row := sizes.Image{Name: "bash", Platform: one.Platform, Digest: one.Digest, DockerSize: one.DockerSize, CompressedSize: one.CompressedSize,
		Contents: &sizes.Contents{Files: one.Files, Tree: one.Tree}}
	for _, l := range one.Layers {
		row.Layers = append(row.Layers, sizes.Layer{Name: l.Name, Digest: l.Digest, DockerSize: l.DockerSize, CompressedSize: l.CompressedSize})
	}
	for _, p := range one.Packages {
		if p.DockerSize > 0 {
			row.Contents.Packages = append(row.Contents.Packages, sizes.Package{Name: p.Name, Version: p.Version, DockerSize: p.DockerSize})
		}
	}
	text, err := sizes.Record{Schema: sizes.Schema, Images: []sizes.Image{row}}.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	document, err := sbom.Make("bash", r.index, sbom.Sources{})
	if err != nil {
		t.Fatal(err)
	}
	return string(text), string(document)
}

func (r *remoteBash) inspect(t *testing.T) Report {
	t.Helper()
	report, err := Remote(t.Context(), r.client, r.reference)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// TestRemoteIsLocal holds that the report of an image in a registry equals that of its layout, and that no layer is
// fetched.
func TestRemoteIsLocal(t *testing.T) {
	r := push(t)
	record, spdx := r.documents(t)
	r.attach(t, referrers.Sizes, record)
	r.attach(t, referrers.SBOM, spdx)
	local := looked(t, r.index)
	report := r.inspect(t)
	local.Platforms[0].Findings = nil // only the layers tell
	if diff := cmp.Diff(local.Platforms, report.Platforms); diff != "" {
		t.Error(diff)
	}
	if len(report.Attached) != 2 || len(report.Unknown) != 1 || len(report.Warnings) > 0 {
		t.Errorf("got %+v", report)
	}
	for _, l := range local.Platforms[0].Layers {
		if r.fetched["/v2/actions/bash/blobs/"+l.Digest] {
			t.Errorf("the layer %s was fetched", l.Name)
		}
	}
	read, _, err := Sizes(t.Context(), r.client, r.reference)
	if err != nil || len(read.Images) != 1 || read.Images[0].DockerSize != local.Platforms[0].DockerSize || read.Images[0].Contents != nil || len(read.References) == 0 {
		t.Errorf("sizes %+v, %v", read, err)
	}
	if text, _, err := Document(t.Context(), r.client, r.reference, referrers.SBOM); err != nil || string(text) != spdx {
		t.Errorf("SBOM %q, %v", text, err)
	}
}

func TestRemoteWithoutAttachments(t *testing.T) {
	r := push(t)
	report := r.inspect(t)
	if diff := cmp.Diff([]string{"docker sizes", "largest files", "duplicates, hidden files, owners and modes", "packages"}, report.Unknown); diff != "" {
		t.Error(diff)
	}
	one := report.Platforms[0]
	if one.DockerSize != 0 || one.CompressedSize == 0 || len(one.Layers) != 3 || one.Layers[2].Name != "proxy" || one.Layers[2].CompressedSize == 0 {
		t.Errorf("got %+v", one)
	}
	_, _, err := Sizes(t.Context(), r.client, r.reference)
	if err == nil || !strings.Contains(err.Error(), "has no sizes attached: mkimage build --push and mkimage push do so") {
		t.Errorf("got %v", err)
	}
}

// TestRemoteOfOnePlatform looks at an image that is in no index.
func TestRemoteOfOnePlatform(t *testing.T) {
	r := push(t)
	manifest, err := r.index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	r.reference = r.reference.Context().Digest(manifest.Manifests[0].Digest.String())
	report := r.inspect(t)
	if len(report.Platforms) != 1 || report.Platforms[0].Platform != "linux/amd64" || report.Digest != manifest.Manifests[0].Digest.String() {
		t.Errorf("got %+v", report)
	}
}

// TestForeignAttachments attaches what anybody with the right to push could attach. It is passed over, with a line that
// says why.
func TestForeignAttachments(t *testing.T) {
	const elsewhere = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
	for _, test := range []struct {
		name string
		kind referrers.Kind
		edit func(record, spdx string) string
		want string
	}{
		{"a record that is no JSON", referrers.Sizes, func(string, string) string { return "hello" }, "it is not JSON"},
		{"a record of another schema", referrers.Sizes, func(string, string) string { return `{"schema": 7}` }, "schema 7 is not one"},
		{"a record of another image", referrers.Sizes, func(record, _ string) string {
			return strings.Replace(record, `"digest": "sha256:`, `"digest": "sha256:0`, 1)
		}, "it says nothing of sha256:"},
		{"a record of other layers", referrers.Sizes, func(record, _ string) string {
			return strings.Replace(record, `"compressed_size": `, `"compressed_size": 1`, 2)
		}, "the size record speaks of other layers than linux/amd64 has"},
		{"a size below zero", referrers.Sizes, func(record, _ string) string { return strings.Replace(record, `"tar_size": 0`, `"tar_size": -1`, 1) }, "a size is below zero"},
		{"a name that colours the terminal", referrers.Sizes, func(record, _ string) string { return strings.Replace(record, `"bash"`, `"\u001b[31mbash"`, 1) }, "has characters that do not belong there"},
		{"an SBOM that is no SPDX", referrers.SBOM, func(string, string) string { return `{"bomFormat": "CycloneDX"}` }, "not of SPDX 2"},
		{"an SBOM of another image", referrers.SBOM, func(_, spdx string) string { return strings.ReplaceAll(spdx, "sha256:", elsewhere) }, "it says nothing of sha256:"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := push(t)
			record, spdx := r.documents(t)
			r.attach(t, test.kind, test.edit(record, spdx))
			report := r.inspect(t)
			if len(report.Warnings) != 1 || !strings.Contains(report.Warnings[0], test.want) || strings.Contains(report.Warnings[0], "\n") {
				t.Errorf("warnings %q, want %q", report.Warnings, test.want)
			}
			if _, _, err := Document(t.Context(), r.client, r.reference, test.kind); err == nil {
				t.Error("it is given out as it is")
			}
			r.attach(t, referrers.Sizes, record)
			r.attach(t, referrers.SBOM, spdx)
			if again := r.inspect(t); len(again.Unknown) > 1 {
				t.Errorf("a good one beside it is not used: %v, %v", again.Unknown, again.Warnings)
			}
		})
	}
}

func TestWrite(t *testing.T) {
	report := looked(t, bash(t))
	one := &report.Platforms[0]
	// What a compressor makes may change with its version.
	report.Reference, one.Digest, one.CompressedSize = "bash@sha256:1", "sha256:2", 1_234_567
	for i := range one.Layers {
		one.Layers[i].CompressedSize = 123_456
	}
	one.Packages = append(one.Packages, Package{Name: "github.com/a/very/long/path/of/a/module/that/nobody/would/write/down", Version: "v0.0.0-20261030153154-30a33513ff6d"})
	for range 20 {
		one.Packages = append(one.Packages, Package{Name: "more"})
	}
	one.Tree.Boxes = append(one.Tree.Boxes, sizes.Box{Name: "\x1b[31mred\n", Kind: sizes.KindLayer, Size: 1})
	one.Findings.Odd = append(one.Findings.Odd, Owned{Path: "\x1b]0;title\a\u202e", Mode: "0666", Owner: "0:0", Why: "anybody may write it"})
	report.Attached = []Attached{{Kind: "sbom", Type: "application/spdx+json", Size: 1200}, {Type: "application/vnd.dev.sigstore.bundle.v0.3+json", Size: 659}}
	report.Unknown = []string{"largest files"}
	for name, view := range map[string]terminal.View{"bash": {Columns: 80}, "narrow": {Columns: 40, ASCII: true}} {
		var text bytes.Buffer
		if err := report.Write(&text, view); err != nil {
			t.Fatal(err)
		}
		shown := text.String()
		for line := range strings.Lines(shown) {
			line = strings.TrimRight(line, "\n")
			if n := terminal.Columns(line); n > view.Columns && !strings.HasPrefix(line, "not known") {
				t.Errorf("%s: %d columns: %s", name, n, line)
			}
			if strings.ContainsAny(line, "\x1b\a\r\u202e") {
				t.Errorf("%s: a name commands the terminal: %q", name, line)
			}
		}
		golden := "testdata/" + name + ".txt"
		if *update {
			if err := os.WriteFile(golden, []byte(shown), 0o666); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), shown); diff != "" {
			t.Errorf("%s (go test -run TestWrite -update writes it anew)", diff)
		}
	}
}

func FuzzRows(f *testing.F) {
	f.Add([]byte(`{"schema": 1, "images": [{"name": "a", "platform": "linux/amd64", "digest": "d", "layers": [{"digest": "l", "compressed_size": 1}]}]}`))
	f.Add([]byte(`{"schema": 1}`))
	platforms := []Platform{{Platform: "linux/amd64", Digest: "d", Layers: []Layer{{Digest: "l", CompressedSize: 1}}}}
	f.Fuzz(func(t *testing.T, text []byte) {
		rows, err := rowsOf(text, platforms)
		if err == nil && (rows["d"].DockerSize < 0 || len(rows["d"].Layers) != 1 || terminal.Clean(rows["d"].Name) != rows["d"].Name) {
			t.Errorf("%q gives %+v", text, rows["d"])
		}
	})
}
