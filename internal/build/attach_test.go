package build

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/inspect"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/referrers"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry/registrytest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sbom"
)

// shelf is a registry, and the options of builds that push to it.
type shelf struct {
	*registrytest.Server
	options Options
}

// shelve starts a registry with quirks for builds with these options.
func shelve(t *testing.T, options Options, quirks ...string) *shelf {
	t.Helper()
	s := &shelf{registrytest.Start(t, quirks...), options}
	client, err := registry.Access{Retries: 1, Pause: time.Millisecond}.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	s.options.Publisher, s.options.Attest, s.options.SBOM = &publish.Publisher{Registry: client}, AttestAuto, sbom.SPDX
	s.options.Outputs = append(s.options.Outputs, publish.Output{Type: publish.Registry, Ref: s.Host + "/actions/{name}:1"})
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

// unfetched is what only the bytes of an image tell, which are not fetched.
var unfetched = []string{"duplicates, hidden files, owners and modes"}

// TestPushAttaches holds that the report of a pushed image, made from its attachments, equals that of the layout beside
// it.
func TestPushAttaches(t *testing.T) {
	for name, quirks := range map[string][]string{"referrers API": {"referrers"}, "fall-back tag": nil} {
		t.Run(name, func(t *testing.T) {
			options, _ := alpineIn(t)
			s := shelve(t, options, quirks...)
			for _, definition := range []images.Definition{definition("scratch"), onAlpine(t.TempDir(), "bash", "bash")} {
				reference := s.push(t, definition)
				s.Asked()
				report := s.inspect(t, reference)
				fetched := s.Asked("GET")
				if len(report.Attached) != 3 || statements(report) != 1 || !slices.Equal(report.Unknown, unfetched) || len(report.Warnings) > 0 {
					t.Errorf("%s: got %+v", definition.Name, report)
				}
				local, err := inspect.Layout(s.options.Outputs[0].For(definition.Name).Dest)
				if err != nil {
					t.Fatal(err)
				}
				for i := range local.Platforms {
					local.Platforms[i].Findings, local.Platforms[i].Tree.Name = nil, "" // by digest, an image has no name
				}
				if diff := cmp.Diff(local.Platforms, report.Platforms); diff != "" {
					t.Errorf("%s: %s", definition.Name, diff)
				}
				for _, layer := range report.Platforms[0].Layers {
					for _, request := range fetched {
						if strings.Contains(request, layer.Digest) {
							t.Errorf("%s: the layer %s was fetched", definition.Name, layer.Name)
						}
					}
				}
			}
		})
	}
}

func TestPushWithoutDocuments(t *testing.T) {
	s := shelve(t, optionsIn(t), "referrers")
	s.options.Attest, s.options.SBOM = AttestNone, sbom.None
	report := s.inspect(t, s.push(t, definition("scratch")))
	if len(report.Attached) != 1 || report.Attached[0].Kind != string(referrers.Sizes) {
		t.Errorf("attached %+v", report.Attached)
	}
}

// TestTagsWhateverHappens holds that an image gets its tags whatever happens to its attachments: the failure is told in
// one line, and in the outcomes.
func TestTagsWhateverHappens(t *testing.T) {
	for _, quirk := range []string{"dash-is-digest", "list-status=403", "list-lost=99", "missing=403", "subject-status=400",
		"subject-status=403", "subject-status=500", "type-status=400", "referrers-status=403", "referrers-status=500", "referrers-login",
		"immutable=412", "referrers-text=<html>"} {
		t.Run(quirk, func(t *testing.T) {
			s := shelve(t, optionsIn(t), quirk)
			var shown bytes.Buffer
			s.options.Display = progress.New(&shown, progress.None)
			results, err := Run(t.Context(), []images.Definition{definition("scratch")}, s.options)
			if err != nil {
				t.Fatal(err)
			}
			s.hasTags(t)
			var failed []string
			for _, outcome := range results[0].Attachments {
				if outcome.Status == referrers.Failed {
					failed = append(failed, outcome.Reason)
				}
			}
			want := ""
			if len(failed) > 0 {
				want = "not attached to " + results[0].References()[0] + ": sizes, sbom, provenance: " + failed[0] + "\n"
			}
			if len(results[0].Attachments) != 3 || shown.String() != want {
				t.Errorf("%+v, and it says\n%swant\n%s", results[0].Attachments, shown.String(), want)
			}
			taken := len(failed) == 0
			if kept := !strings.HasPrefix(quirk, "dash") && !strings.HasPrefix(quirk, "list") && !strings.HasPrefix(quirk, "subject") && !strings.HasPrefix(quirk, "type"); kept != taken {
				t.Errorf("attached: %v", taken)
			}
		})
	}
}

// hasTags fails a test when the tags of a push are not there.
func (s *shelf) hasTags(t *testing.T) {
	t.Helper()
	put := s.Asked("PUT")
	last := slices.Sorted(slices.Values(put[max(0, len(put)-2):])) // the tags are set at once
	if len(last) < 2 || !strings.HasSuffix(last[0], "/manifests/1 -> 201") || !strings.Contains(last[1], "/manifests/content-") {
		t.Errorf("the last requests are not those of the tags: %v", put)
	}
}

// TestAttestAlwaysFails holds that a push that must attach provenance, and cannot, sets the tags and fails.
func TestAttestAlwaysFails(t *testing.T) {
	s := shelve(t, optionsIn(t), "subject-status=403")
	s.options.Attest = AttestAlways
	results, err := Run(t.Context(), []images.Definition{definition("scratch")}, s.options)
	if err == nil || !strings.HasPrefix(err.Error(), "not attached to "+s.Host) || strings.Contains(err.Error(), "\n") {
		t.Errorf("got %v", err)
	}
	s.hasTags(t)
	if len(results) != 1 || len(results[0].Attachments) != 3 || len(results[0].Outputs) != 2 {
		t.Errorf("got %+v", results)
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

// TestUnchangedPushByANewCommit holds that a push of an unchanged image from a new commit writes nothing.
func TestUnchangedPushByANewCommit(t *testing.T) {
	for name, quirks := range map[string][]string{"referrers API": {"referrers"}, "fall-back tag": nil} {
		t.Run(name, func(t *testing.T) {
			own := checkedOut(t)
			s := shelve(t, optionsIn(t), quirks...)
			first := s.push(t, own)
			before := s.inspect(t, first)
			s.Asked()
			commit(t, own)
			second := s.push(t, own)
			for _, request := range s.Asked("PATCH", "PUT") { // a POST asks for the right to push
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
	s := shelve(t, optionsIn(t), "referrers")
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

// TestStatementNamesNoPlace holds that a statement names the inputs of the image, and nothing of this machine.
func TestStatementNamesNoPlace(t *testing.T) {
	own := checkedOut(t)
	revision := git(t, filepath.Dir(own.File), "rev-parse", "HEAD")
	s := shelve(t, optionsIn(t), "referrers")
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
	for _, secret := range []string{"hunter", "jo@", `jo:`, filepath.Dir(s.options.Proxy), filepath.Dir(own.File), os.TempDir(), home + "/", s.Host} {
		if strings.Contains(string(text), secret) {
			t.Errorf("it has %q:\n%s", secret, text)
		}
	}
}

// TestStatementNamesPackages holds that a statement names every Alpine package with its digest, and the lock.
func TestStatementNamesPackages(t *testing.T) {
	options, _ := alpineIn(t)
	s := shelve(t, options, "referrers")
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
	s = shelve(t, options, "referrers")
	if _, err := Lock(context.Background(), []images.Definition{own}, options.Packages, nil, options.Display); err != nil {
		t.Fatal(err)
	}
	if text := read(); !strings.Contains(text, `"name": "bash.lock.json"`) || strings.Contains(text, "control part") {
		t.Errorf("with a lock:\n%s", text)
	}
}
