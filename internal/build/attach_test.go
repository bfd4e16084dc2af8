package build

import (
	"bytes"
	"context"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	oci "github.com/google/go-containerregistry/pkg/registry"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/inspect"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/referrers"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sbom"
)

// shelf is a registry, and what was asked of it.
type shelf struct {
	options Options // of builds that push to it
	host    string

	refuses int // the status that manifests with a subject get; 0 takes them

	mutex    sync.Mutex
	requests []string // METHOD PATH
}

// shelve starts a registry for builds with these options.
func shelve(t *testing.T, options Options, api bool) *shelf {
	t.Helper()
	s := &shelf{options: options}
	inner := oci.New(oci.Logger(log.New(io.Discard, "", 0)), oci.WithReferrersSupport(api))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mutex.Lock()
		s.requests = append(s.requests, r.Method+" "+r.URL.Path)
		s.mutex.Unlock()
		if s.refuses != 0 && strings.Contains(r.URL.Path, "/manifests/") && r.Method == http.MethodPut {
			text, err := io.ReadAll(r.Body)
			if err != nil || bytes.Contains(text, []byte(`"subject"`)) {
				http.Error(w, "no artifacts here", s.refuses)
				return
			}
			r.Body = io.NopCloser(bytes.NewReader(text))
		}
		inner.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	s.host = server.Listener.Addr().String()
	client, err := registry.Access{Retries: -1}.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	s.options.Publisher, s.options.Attest, s.options.SBOM = &publish.Publisher{Registry: client}, AttestAuto, sbom.SPDX
	s.options.Outputs = append(s.options.Outputs, publish.Output{Type: publish.Registry, Ref: s.host + "/actions/{name}:1"})
	return s
}

// push builds an image and returns the digest reference of what was pushed.
func (s *shelf) push(t *testing.T, definition images.Definition) name.Reference {
	t.Helper()
	results, err := Run(t.Context(), []images.Definition{definition}, s.options)
	if err != nil {
		t.Fatal(err)
	}
	reference, err := s.options.Publisher.Registry.Reference(results[0].References()[0])
	if err != nil {
		t.Fatal(err)
	}
	return reference
}

// asked returns the requests so far that have one of the methods, and forgets all.
func (s *shelf) asked(methods ...string) []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var found []string
	for _, request := range s.requests {
		for _, method := range methods {
			if strings.HasPrefix(request, method+" ") {
				found = append(found, request)
			}
		}
	}
	s.requests = nil
	return found
}

func (s *shelf) inspect(t *testing.T, reference name.Reference) inspect.Report {
	t.Helper()
	report, err := inspect.Remote(t.Context(), s.options.Publisher.Registry, reference)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// statements counts what says where an image comes from.
func statements(report inspect.Report) int {
	n := 0
	for _, one := range report.Attached {
		if one.Predicate == "https://slsa.dev/provenance/v1" {
			n++
		}
	}
	return n
}

// TestPushAttaches holds that a registry knows of a pushed image what the layout beside it tells.
func TestPushAttaches(t *testing.T) {
	for name, api := range map[string]bool{"referrers API": true, "fall-back tag": false} {
		t.Run(name, func(t *testing.T) {
			options, _ := alpineIn(t)
			s := shelve(t, options, api)
			for _, definition := range []images.Definition{definition("scratch"), onAlpine(t.TempDir(), "bash", "bash")} {
				reference := s.push(t, definition)
				s.asked()
				report := s.inspect(t, reference)
				fetched := s.asked("GET")
				if len(report.Attached) != 3 || statements(report) != 1 || len(report.Unknown)+len(report.Warnings) > 0 {
					t.Errorf("%s: got %+v", definition.Name, report)
				}
				local, err := inspect.Layout(s.options.Outputs[0].For(definition.Name).Dest)
				if err != nil {
					t.Fatal(err)
				}
				if diff := cmp.Diff(local.Platforms, report.Platforms); diff != "" {
					t.Errorf("%s: %s", definition.Name, diff)
				}
				for _, layer := range report.Platforms[0].Layers {
					for _, request := range fetched {
						if strings.HasSuffix(request, layer.Digest) {
							t.Errorf("%s: the layer %s was fetched", definition.Name, layer.Name)
						}
					}
				}
			}
		})
	}
}

func TestPushWithoutDocuments(t *testing.T) {
	s := shelve(t, optionsIn(t), true)
	s.options.Attest, s.options.SBOM = AttestNone, sbom.None
	report := s.inspect(t, s.push(t, definition("scratch")))
	if len(report.Attached) != 1 || report.Attached[0].Kind != string(referrers.Sizes) {
		t.Errorf("attached %+v", report.Attached)
	}
}

// TestRegistryThatTakesNoReferrers holds that the image is pushed all the same, and that a line says what is missing.
func TestRegistryThatTakesNoReferrers(t *testing.T) {
	s := shelve(t, optionsIn(t), true)
	s.refuses = http.StatusBadRequest
	var shown bytes.Buffer
	s.options.Display = progress.New(&shown, progress.Plain)
	if report := s.inspect(t, s.push(t, definition("scratch"))); len(report.Attached) > 0 {
		t.Errorf("attached %+v", report.Attached)
	}
	if text := shown.String(); !strings.Contains(text, "nothing is attached: push "+s.host+"/actions/scratch@sha256:") || !strings.Contains(text, "answered 400 Bad Request") {
		t.Errorf("it says\n%s", text)
	}
}

// TestTagsComeLast holds that a tag never names an image without its documents.
func TestTagsComeLast(t *testing.T) {
	s := shelve(t, optionsIn(t), true)
	s.refuses = http.StatusForbidden
	if _, err := Run(t.Context(), []images.Definition{definition("scratch")}, s.options); err == nil || !strings.Contains(err.Error(), "403") || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
	for _, request := range s.asked("PUT") {
		if strings.Contains(request, "/manifests/") && !strings.Contains(request, "/manifests/sha256:") {
			t.Errorf("it has set a tag: %s", request)
		}
	}
	s.refuses = 0
	s.push(t, definition("scratch"))
	put := s.asked("PUT")
	last := slices.Sorted(slices.Values(put[max(0, len(put)-2):])) // the tags are set at once
	if len(last) < 2 || !strings.HasSuffix(last[0], "/manifests/1") || !strings.Contains(last[1], "/manifests/content-") {
		t.Errorf("the last requests are not those of the tags: %v", put)
	}
}

// checkedOut is a definition in a git repository with a remote that has a password.
func checkedOut(t *testing.T) images.Definition {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("there is no git")
	}
	t.Setenv("GIT_CONFIG_GLOBAL", os.DevNull)
	t.Setenv("GIT_CONFIG_NOSYSTEM", "1")
	dir := t.TempDir()
	own := definition("mine")
	own.File = filepath.Join(dir, "images", "mine.yaml")
	own.SHA256 = strings.Repeat("1", 64)
	if err := os.MkdirAll(filepath.Dir(own.File), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(own.File, []byte("name: mine\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	git(t, dir, "init", "--quiet")
	git(t, dir, "remote", "add", "origin", "https://jo:hunter2@example.org/actions")
	git(t, dir, "add", ".")
	commit(t, own)
	return own
}

func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := exec.Command("git", append([]string{"-C", dir, "-c", "user.name=Jo", "-c", "user.email=jo@example.org"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit makes one more commit, and returns it.
func commit(t *testing.T, own images.Definition) string {
	t.Helper()
	dir := filepath.Dir(own.File)
	git(t, dir, "commit", "--quiet", "--allow-empty", "-m", "change")
	return git(t, dir, "rev-parse", "HEAD")
}

// TestUnchangedPushByANewCommit holds that an image that has not changed stays untouched by a new commit.
func TestUnchangedPushByANewCommit(t *testing.T) {
	for name, api := range map[string]bool{"referrers API": true, "fall-back tag": false} {
		t.Run(name, func(t *testing.T) {
			own := checkedOut(t)
			s := shelve(t, optionsIn(t), api)
			first := s.push(t, own)
			before := s.inspect(t, first)
			s.asked()
			commit(t, own)
			second := s.push(t, own)
			for _, request := range s.asked("PATCH", "PUT") { // a POST asks for the right to push
				t.Errorf("it asked: %s", request)
			}
			if first != second {
				t.Errorf("first %s, then %s", first, second)
			}
			if diff := cmp.Diff(before, s.inspect(t, second)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAttestAlways(t *testing.T) {
	own := checkedOut(t)
	s := shelve(t, optionsIn(t), true)
	s.push(t, own)
	s.options.Attest = AttestAlways
	if n := statements(s.inspect(t, s.push(t, own))); n != 1 {
		t.Errorf("the same commit gives %d statements", n)
	}
	commit(t, own)
	if n := statements(s.inspect(t, s.push(t, own))); n != 2 {
		t.Errorf("another commit gives %d statements", n)
	}
	s.options.Attest = AttestNone
	commit(t, own)
	if n := statements(s.inspect(t, s.push(t, own))); n != 2 {
		t.Errorf("with none there are %d statements", n)
	}
}

// TestStatementNamesNoPlace holds that a statement has what an image was made from, and nothing of this machine.
func TestStatementNamesNoPlace(t *testing.T) {
	own := checkedOut(t)
	revision := git(t, filepath.Dir(own.File), "rev-parse", "HEAD")
	s := shelve(t, optionsIn(t), true)
	s.options.Action, s.options.GoLDFlags, s.options.Version = s.options.Proxy, "-X main.token=hunter3", "v1.2.3"
	reference := s.push(t, own)
	text, _, err := inspect.Document(t.Context(), s.options.Publisher.Registry, reference, referrers.Provenance)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`"gitCommit": "` + revision + `"`, `"uri": "git+https://example.org/actions"`, `"definition": "images/mine.yaml"`,
		`"sha256": "` + own.SHA256 + `"`, `"action": "proxy"`, `"goLDFlags": "given"`, `"proxy": "given"`, `"mkimage": "v1.2.3"`,
	} {
		if !strings.Contains(string(text), want) {
			t.Errorf("it does not have %s:\n%s", want, text)
		}
	}
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hunter", "jo@", `jo:`, filepath.Dir(s.options.Proxy), filepath.Dir(own.File), os.TempDir(), home + "/", s.host} {
		if strings.Contains(string(text), secret) {
			t.Errorf("it has %q:\n%s", secret, text)
		}
	}
}

// TestStatementNamesPackages holds that every Alpine package is there with its digest, and the lock.
func TestStatementNamesPackages(t *testing.T) {
	options, _ := alpineIn(t)
	s := shelve(t, options, true)
	own := onAlpine(t.TempDir(), "bash", "bash")
	read := func() string {
		text, _, err := inspect.Document(t.Context(), s.options.Publisher.Registry, s.push(t, own), referrers.Provenance)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	if text := read(); !strings.Contains(text, `"uri": "pkg:apk/alpine/musl@`) || !strings.Contains(text, `"digestOf": "control part"`) || strings.Contains(text, "lock") {
		t.Errorf("without a lock:\n%s", text)
	}
	s = shelve(t, options, true)
	if _, err := Lock(context.Background(), []images.Definition{own}, options); err != nil {
		t.Fatal(err)
	}
	if text := read(); !strings.Contains(text, `"name": "bash.lock.json"`) || strings.Contains(text, "control part") {
		t.Errorf("with a lock:\n%s", text)
	}
}
