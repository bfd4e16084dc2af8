package referrers

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry/registrytest"
)

// TestQuirks attaches three documents in registries with the quirks of real ones. Without a reason, a reader must find
// all of them, and a second push must write nothing; with a reason, nothing is attached.
func TestQuirks(t *testing.T) {
	const index = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`
	for _, test := range []struct {
		name   string
		quirks []string
		tag    bool   // the list stands under the fall-back tag
		reason string // HOST is that of the registry
	}{
		{"the API", []string{"referrers"}, false, ""},
		{"the API, called application/json", []string{"referrers", "referrers-type=application/json"}, false, ""},
		{"the API, with a charset", []string{"referrers", "referrers-type=application/vnd.oci.image.index.v1+json;charset=utf-8"}, false, ""},
		{"the API, without a type", []string{"referrers", "referrers-type="}, false, ""},
		{"the API, a little later", []string{"referrers", "referrers-late=2"}, false, ""},
		{"the API, too late", []string{"referrers", "referrers-late=9"}, true, ""},
		{"the API, in pages", []string{"referrers", "referrers-pages=1"}, false, ""},
		{"the API, without annotations", []string{"referrers", "referrers-bare"}, false, ""},
		{"the API, to be read elsewhere", []string{"referrers", "redirect"}, false, ""},
		{"the API, busy", []string{"referrers", "busy"}, false, ""},
		{"no API", nil, true, ""},
		{"no API, whatever OCI-Subject says", []string{"oci-subject"}, true, ""},
		{"an API that always lists nothing", []string{"referrers-text=" + index}, true, ""},
		{"an API that lists nothing by another form", []string{`referrers-text={"schemaVersion":2,"manifests":null}`}, true, ""},
		{"an API of another version", []string{`referrers-text={"schemaVersion":1,"manifests":[]}`}, true, ""},
		{"a page for people", []string{"referrers-text=<html>Sign in</html>"}, true, ""},
		{"nothing at all", []string{"referrers-text="}, true, ""},
		{"an array", []string{"referrers-text=[]"}, true, ""},
		{"a list without end", []string{"referrers-text=" + strings.Repeat(" ", 9<<20)}, true, ""},
		{"a way to a login", []string{"referrers-login"}, true, ""},
		{"a way to another host", []string{"referrers-elsewhere"}, true, ""},
		{"400 for the API", []string{"referrers-status=400"}, true, ""},
		{"401 for the API", []string{"referrers-status=401"}, true, ""},
		{"403 for the API", []string{"referrers-status=403"}, true, ""},
		{"405 for the API", []string{"referrers-status=405"}, true, ""},
		{"406 for the API", []string{"referrers-status=406"}, true, ""},
		{"429 for the API", []string{"referrers-status=429"}, true, ""},
		{"500 for the API", []string{"referrers-status=500"}, true, ""},
		{"501 for the API", []string{"referrers-status=501"}, true, ""},
		{"busy", []string{"busy"}, true, ""},
		{"202 for what is put", []string{"put=202"}, true, ""},
		{"no digest in the header", []string{"nodigest"}, true, ""},
		{"tags that cannot be moved", []string{"immutable=412"}, true, ""},
		{"tags that cannot be moved, 409", []string{"immutable=409"}, true, ""},
		{"tags that cannot be moved, with ETags", []string{"immutable=412", "etag"}, true, ""},
		{"403 for what is not there", []string{"missing=403"}, true, ""},
		{"400 for a tag that is not there", []string{"list-missing=400"}, true, ""},
		{"401 for what is not there", []string{"missing=401"}, true, ""},
		{"ETags", []string{"etag"}, true, ""},
		{"weak ETags", []string{"etag=weak"}, true, ""},
		{"a tag that gets lost", []string{"list-lost=2"}, true, ""},
		{"a tag that shows later", []string{"list-stale=2"}, true, ""},

		{"sha256-HEX is the digest", []string{"dash-is-digest"}, true, "which would list it, names the image itself there, and is left as it is"},
		{"a tag that is never kept", []string{"list-lost=99"}, true, "its list does not keep what is put into it"},
		{"400 for the tag", []string{"list-status=400"}, true, "HOST answered 400 Bad Request (TAG_INVALID): it does not take what is attached"},
		{"403 for the tag", []string{"list-status=403"}, true, "HOST answered 403 Forbidden (TAG_INVALID): it does not take what is attached"},
		{"500 for the tag", []string{"list-status=500"}, true, "HOST answered 500 Internal Server Error (TAG_INVALID): push again later"},
		{"500 for a tag that is not there", []string{"list-missing=500"}, true, "HOST answered 500 Internal Server Error (DENIED): push again later"},
		{"400 for a subject", []string{"referrers", "subject-status=400"}, true, "HOST answered 400 Bad Request (MANIFEST_INVALID): it does not take what is attached"},
		{"403 for a subject", []string{"subject-status=403"}, true, "HOST answered 403 Forbidden (MANIFEST_INVALID): it does not take what is attached"},
		{"415 for a subject", []string{"subject-status=415"}, true, "HOST answered 415 Unsupported Media Type (MANIFEST_INVALID): it does not take what is attached"},
		{"500 for a subject", []string{"subject-status=500"}, true, "HOST answered 500 Internal Server Error (MANIFEST_INVALID): push again later"},
		{"400 for another config", []string{"type-status=400"}, true, "HOST answered 400 Bad Request (MANIFEST_INVALID): it does not take what is attached"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, r, subject := start(t, test.quirks...)
			before, _ := r.List(t.Context(), subject)
			s.Asked()
			outcomes := r.Add(t.Context(), subject, before, documents()...)
			asked := s.Asked("PUT")
			if !test.tag && slices.ContainsFunc(asked, func(request string) bool { return strings.Contains(request, "/sha256-") }) {
				t.Errorf("it has put the tag: %v", asked)
			}
			if test.reason != "" {
				for _, outcome := range outcomes {
					reason := strings.ReplaceAll(outcome.Reason, s.Host, "HOST")
					if outcome.Status != Failed || !strings.Contains(reason, test.reason) || strings.Contains(reason, "\n") || outcome.Digest == "" {
						t.Errorf("%+v", outcome)
					}
				}
				return
			}
			for _, outcome := range outcomes {
				if outcome.Status != Attached || outcome.Reason != "" || outcome.Type != outcome.Kind.Type() {
					t.Errorf("%+v", outcome)
				}
			}
			if listed := list(t, Reader(r.client), subject); len(listed) != 3 || !r.HasProvenance(t.Context(), subject, listed) {
				t.Errorf("a reader finds %+v", listed)
			}
			s.Asked()
			r.Add(t.Context(), subject, list(t, r, subject), documents()...)
			if written := s.Asked("PUT", "POST", "PATCH"); len(written) > 0 {
				t.Errorf("attached again, it asks %v", written)
			}
		})
	}
}

// TestListOfOthers holds that the entries of others stay in the list with all their members, and that mkimage's own
// entries have the annotations that readers choose by.
func TestListOfOthers(t *testing.T) {
	for _, quirks := range [][]string{nil, {"etag"}} {
		s, r, subject := start(t, quirks...)
		first := push(t, r.client, s.Host) // something that is there
		theirs := `{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"` + first.Descriptor.Digest.String() + `","size":` +
			mustJSON(t, first.Descriptor.Size) + `,"artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json","annotations":{"b":"2","a":"1"},"x-new":[1]}`
		putTag(t, r, subject, `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","annotations":{"of":"them"},"manifests":[`+theirs+`],"x-else":true}`)
		add(t, r, subject, list(t, r, subject), documents()[2])
		answer, err := r.session(subject.Repository).Manifest(t.Context(), fallbackTag(subject))
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Annotations map[string]string
			Manifests   []json.RawMessage
			Else        bool `json:"x-else"`
		}
		if err := json.Unmarshal(answer.Text, &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Manifests) != 2 || string(got.Manifests[0]) != theirs || got.Annotations["of"] != "them" || !got.Else {
			t.Fatalf("the list is %s", answer.Text)
		}
		made, err := manifest(documents()[2], subject.Descriptor)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(mustJSON(t, made.descriptor), string(got.Manifests[1])); diff != "" {
			t.Error(diff)
		}
		if got := mustJSON(t, made.descriptor); !strings.Contains(got, `"artifactType":"application/vnd.in-toto+json"`) || !strings.Contains(got, `"in-toto.io/predicate-type":"https://slsa.dev/provenance/v1"`) {
			t.Errorf("it is described as %s", got)
		}
	}
}

// TestTagOfOthers holds that a tag that names something else than a list is neither replaced nor read as one.
func TestTagOfOthers(t *testing.T) {
	_, r, subject := start(t)
	const image = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":"a/b","size":2,"digest":"` + other + `"},"layers":[]}`
	putTag(t, r, subject, image)
	want := "the tag " + fallbackTag(subject) + ", which would list it, names something else than a list there, and is left as it is"
	if listed, err := r.List(t.Context(), subject); err == nil || !strings.HasSuffix(err.Error(), want) || len(listed) > 0 {
		t.Errorf("listed %v, %v", listed, err)
	}
	if outcomes := r.Add(t.Context(), subject, nil, documents()...); outcomes[0].Reason != want {
		t.Errorf("got  %s\nwant %s", outcomes[0].Reason, want)
	}
	answer, err := r.session(subject.Repository).Manifest(t.Context(), fallbackTag(subject))
	if err != nil || string(answer.Text) != image {
		t.Errorf("it is %s, %v", answer.Text, err)
	}
}

// TestOthersInBetween lets another program change the list between the read and the write: with ETags mkimage writes
// nothing, and no entry of the other is lost.
func TestOthersInBetween(t *testing.T) {
	s, r, subject := start(t, "etag")
	add(t, r, subject, nil, documents()[0]) // so that there is an ETag
	var others bool
	s.Between(func(_ http.ResponseWriter, request *http.Request) bool {
		if request.Method == http.MethodPut && strings.HasSuffix(request.URL.Path, fallbackTag(subject)) && !others {
			others = true
			now, err := r.pull(t.Context(), subject)
			if err == nil {
				made, failed := manifest(documents()[1], subject.Descriptor)
				if err = failed; err == nil {
					err = r.session(subject.Repository).Put(t.Context(), made.descriptor.Digest.String(), made.descriptor.MediaType, made.text, "")
				}
				if err == nil {
					err = r.putList(t.Context(), subject, now, []referrer{made}, "")
				}
			}
			if err != nil {
				t.Error(err)
			}
		}
		return false
	})
	add(t, r, subject, nil, documents()[2])
	if listed := list(t, r, subject); len(listed) != 3 || !others {
		t.Errorf("listed %+v", listed)
	}
}

// TestSomeAreRefused holds that accepted documents are listed, and that refused ones are reported.
func TestSomeAreRefused(t *testing.T) {
	both(t, func(t *testing.T, s *registrytest.Server, r *Registry, subject Subject) {
		made, err := manifest(documents()[1], subject.Descriptor)
		if err != nil {
			t.Fatal(err)
		}
		s.Between(func(w http.ResponseWriter, request *http.Request) bool {
			refuse := request.Method == http.MethodPut && strings.HasSuffix(request.URL.Path, made.descriptor.Digest.String())
			if refuse {
				w.WriteHeader(http.StatusUnprocessableEntity)
			}
			return refuse
		})
		outcomes := r.Add(t.Context(), subject, nil, documents()...)
		if outcomes[0].Status != Attached || outcomes[1].Status != Failed || outcomes[2].Status != Attached {
			t.Errorf("%+v", outcomes)
		}
		if listed := list(t, r, subject); len(listed) != 2 {
			t.Errorf("listed %+v", listed)
		}
	})
}

// TestRequests counts what it takes to attach three documents, and to see that they are attached.
func TestRequests(t *testing.T) {
	for _, test := range []struct {
		name         string
		quirks       []string
		first, again int
	}{
		{"API", []string{"referrers"}, 2 + 3 + 1, 1}, // lists, manifests, the list
		{"tag", nil, 2 + 3 + 1 + 3, 2},               // lists, manifests, the API, the tag: read, put, read back
	} {
		t.Run(test.name, func(t *testing.T) {
			s, r, subject := start(t, test.quirks...)
			count := func() int {
				s.Asked()
				add(t, r, subject, list(t, r, subject), documents()...)
				asked := slices.DeleteFunc(s.Asked(), func(request string) bool {
					return strings.Contains(request, "/blobs/") || strings.Contains(request, " /v2/ ")
				})
				return len(asked)
			}
			if first, again := count(), count(); first != test.first || again != test.again {
				t.Errorf("%d requests, then %d; want %d, then %d", first, again, test.first, test.again)
			}
		})
	}
}

func TestNextPage(t *testing.T) {
	for value, want := range map[string]string{
		"":                                      "",
		`</v2/a?n=1>; rel="next"`:               "/v2/a?n=1",
		`</v2/a?n=1>;rel=next`:                  "/v2/a?n=1",
		`</v2/a>; title="x"; REL = "last next"`: "/v2/a",
		`</v2/b>; rel="prev", </v2/a>; rel="next"`: "/v2/a",
		`</v2/b>; rel="prev"`:                      "",
		`</v2/a`:                                   "",
		`rel="next"`:                               "",
		`>< rel="next"`:                            "",
	} {
		if got := nextPage(http.Header{"Link": {value}}); got != want {
			t.Errorf("%s leads to %q, want %q", value, got, want)
		}
	}
}

func putTag(t *testing.T, r *Registry, subject Subject, text string) {
	t.Helper()
	if err := r.session(subject.Repository).Put(t.Context(), fallbackTag(subject), "application/vnd.oci.image.index.v1+json", []byte(text), ""); err != nil {
		t.Fatal(err)
	}
}

func mustJSON(t *testing.T, value any) string {
	t.Helper()
	text, err := json.Marshal(value)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
