package referrers

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

const this, other = "sha256:1111111111111111111111111111111111111111111111111111111111111111", "sha256:2222222222222222222222222222222222222222222222222222222222222222"

func subjectHash(t testing.TB) v1.Hash {
	t.Helper()
	hash, err := v1.NewHash(this)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

// foreign is a manifest of an SBOM, with one thing replaced.
func foreign(old, new string) string {
	return strings.Replace(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/spdx+json",`+
		`"config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":"`+other+`","size":2},`+
		`"layers":[{"mediaType":"application/spdx+json","digest":"`+other+`","size":22}],`+
		`"subject":{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"`+this+`","size":7}}`, old, new, 1)
}

func TestParse(t *testing.T) {
	for _, test := range []struct{ name, text, want string }{
		{"as it should be", foreign("", ""), ""},
		{"a signature", foreign(`"artifactType":"application/spdx+json"`, `"artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json"`), ""},
		{"typed by its config", foreign(`"artifactType":"application/spdx+json",`, ""), ""},
		{"of another image", foreign(this, other), "its subject is " + other},
		{"of no image", foreign(`"subject"`, `"object"`), "it has no subject"},
		{"an index", foreign("oci.image.manifest", "oci.image.index"), `its media type is "application/vnd.oci.image.index.v1+json"`},
		{"another media type inside", foreign(`"layers":[{"mediaType":"application/spdx+json"`, `"layers":[{"mediaType":"text/html"`), `its document is of type "text/html", not application/spdx+json`},
		{"no document", foreign(`{"mediaType":"application/spdx+json","digest":"`+other+`","size":22}`, ""), "it has 0 documents, not one"},
		{"a huge document", foreign(`"size":22`, `"size":999999999999`), "more than 32 MiB"},
		{"a negative size", foreign(`"size":22`, `"size":-1`), "a size is negative"},
		{"a huge manifest", foreign(`"schemaVersion":2`, `"schemaVersion":2`+strings.Repeat(" ", maxManifest)), "it has more than 4 MiB"},
		{"not JSON", "<html>", "its manifest is not JSON of the right form"},
		{"not a digest", foreign(other, "sha256:../../etc"), "its manifest is not JSON of the right form"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := parse([]byte(test.text), subjectHash(t))
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(foreign("", "")))
	f.Add([]byte(`{"subject":{}}`))
	f.Add([]byte("[]"))
	f.Fuzz(func(t *testing.T, text []byte) {
		attachment, err := parse(text, subjectHash(t))
		if err == nil && attachment.Kind != "" && (attachment.Size < 0 || attachment.Size > maxDocument || attachment.Size != attachment.document.Size) {
			t.Errorf("%q has %d bytes", text, attachment.Size)
		}
	})
}

// TestRegistryThatLies reads documents from a registry that gives others.
func TestRegistryThatLies(t *testing.T) {
	for _, test := range []struct {
		name   string
		answer func(w http.ResponseWriter)
		want   string
	}{
		{"other bytes", func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{"spdxVersion": "SPDX-2.2"}` + "\n")) }, "error verifying sha256 checksum"},
		{"fewer bytes", func(w http.ResponseWriter) { _, _ = w.Write([]byte(`{}`)) }, "error verifying"},
		{"bytes without end", func(w http.ResponseWriter) {
			for range 1 << 10 {
				if _, err := w.Write(make([]byte, 1<<10)); err != nil {
					return
				}
			}
		}, "it has not the 28 bytes that its manifest says"},
		{"nothing", func(w http.ResponseWriter) { w.WriteHeader(http.StatusNotFound) }, "there is no such image"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s, r, subject := start(t, "referrers")
			add(t, r, subject, nil, documents()[0])
			attachment, err := r.Open(t.Context(), subject, list(t, r, subject)[0])
			if err != nil {
				t.Fatal(err)
			}
			s.Between(func(w http.ResponseWriter, request *http.Request) bool {
				if !strings.Contains(request.URL.Path, "/blobs/") {
					return false
				}
				test.answer(w)
				return true
			})
			text, err := r.Read(t.Context(), subject, attachment)
			if err == nil || !strings.Contains(err.Error(), test.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("got %q, %v; want %q", text, err, test.want)
			}
		})
	}
}

// TestDocumentThatIsNotJSON is one that somebody has attached with care.
func TestDocumentThatIsNotJSON(t *testing.T) {
	_, r, subject := start(t, "referrers")
	add(t, r, subject, nil, Document{Kind: SBOM, File: "x", Content: []byte("hello")})
	attachment, err := r.Open(t.Context(), subject, list(t, r, subject)[0])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Read(t.Context(), subject, attachment); err == nil || !strings.HasSuffix(err.Error(), "it is not JSON") {
		t.Errorf("got %v", err)
	}
	if json.Valid([]byte("hello")) {
		t.Fatal("the test tests nothing")
	}
}
