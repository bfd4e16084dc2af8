package verify

import (
	"debug/elf"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/build"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layout"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/provenance"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/release"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

const (
	ours   = "0123456789abcdef0123456789abcdef01234567"
	theirs = "76543210fedcba9876543210fedcba9876543210"
)

// pushed is an image of a repository, and the statement that a build would have attached to it.
type pushed struct {
	t      *testing.T
	dir    string // the repository
	image  Pushed
	stated provenance.Build
	with   Options
}

// push builds the action of a new repository, after change has changed what is committed.
func push(t *testing.T, change func(dir string)) *pushed {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	release.Version, release.Commit = "v1.0.0", ours
	t.Cleanup(func() { release.Version, release.Commit = "", "" })
	store, err := cache.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := &pushed{t: t, dir: t.TempDir()}
	p.write("images/a.yaml", []byte("name: a\nbase: scratch\nplatforms: [linux/amd64]\naction: ../program\n"))
	p.write("program", program("first"))
	p.git("init", "-q", "-b", "main")
	commit := p.commit()
	if change != nil {
		change(p.dir)
	}
	proxy := filepath.Join(t.TempDir(), "proxy")
	if err := os.WriteFile(proxy, program("proxy"), 0o777); err != nil {
		t.Fatal(err)
	}
	p.with = Options{Source: p.dir, Build: build.Options{
		Programs: build.Programs{Proxy: proxy}, Cache: store, Display: progress.New(io.Discard, progress.None),
	}}
	definitions, err := images.Load(images.Dir(p.dir), nil, filepath.Join(p.dir, "images", "a.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	options, out := p.with.Build, filepath.Join(t.TempDir(), "image")
	options.Outputs = []publish.Output{{Type: publish.OCI, Dest: out}}
	options.Epoch = time.Unix(0, 0).UTC()
	options.SizeRecord = filepath.Join(t.TempDir(), "sizes.json")
	built, err := build.Run(t.Context(), definitions, options)
	if err != nil {
		t.Fatal(err)
	}
	index, err := layout.Read(out)
	if err != nil {
		t.Fatal(err)
	}
	p.stated = provenance.Build{
		Image: "a", Digest: built[0].Digest,
		Parameters: provenance.Parameters{Image: "a", Definition: "images/a.yaml", Platforms: []string{"linux/amd64"}, Action: "program", Proxy: "given"},
		Materials: []provenance.Material{
			{Name: provenance.SourceName, URI: "git+https://git.example.org/a", Digest: map[string]string{"gitCommit": commit}},
			{Name: "images/a.yaml", Digest: map[string]string{"sha256": definitions[0].SHA256}},
			provenance.Self(provenance.SelfName),
		},
	}
	p.image = Pushed{Reference: "registry.example.org/a", Index: index}
	return p
}

func (p *pushed) write(name string, content []byte) {
	p.t.Helper()
	file := filepath.Join(p.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o755); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pushed) git(args ...string) string {
	p.t.Helper()
	command := exec.Command("git", args...)
	command.Dir, command.Env = p.dir, append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
	text, err := command.CombinedOutput()
	if err != nil {
		p.t.Fatalf("git %v: %v\n%s", args, err, text)
	}
	return strings.TrimSpace(string(text))
}

// commit commits all files, and returns the commit.
func (p *pushed) commit() string {
	p.t.Helper()
	p.git("add", ".")
	p.git("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "x")
	return p.git("rev-parse", "HEAD")
}

// program returns a program for linux/amd64 with a text in it.
func program(text string) []byte { return testkit.Static(elf.EM_X86_64, text) }

// TestImage holds what is proven, and what is not.
func TestImage(t *testing.T) {
	hidden := func(dir string) { // a change that git would have been told not to see
		if err := os.WriteFile(filepath.Join(dir, "program"), program("second"), 0o755); err != nil {
			panic(err)
		}
	}
	for _, test := range []struct {
		name   string
		hidden func(dir string)
		change func(p *pushed)
		want   Verdict
		reason string // or the difference
	}{
		{name: "the same", want: Equal},
		{name: "another action", hidden: hidden, want: Different, reason: "linux/amd64, layer action, action/exec: mode 0755"},
		{name: "the demanded source", want: Equal, change: func(p *pushed) {
			p.with.Repository, p.with.Commit = "https://git.example.org/a.git", p.stated.Sources()[0].Commit[:7]
		}},
		{name: "another source", want: Unknown, reason: "its provenance names another source: https://git.example.org/a at ", change: func(p *pushed) {
			p.with.Repository = "https://git.example.org/b"
		}},
		{name: "another mkimage", want: Unknown, reason: "built by mkimage v2.0.0 (commit " + theirs + "), and this is mkimage v1.0.0 (commit " + ours + "); the right one: https://github.com/", change: func(p *pushed) {
			release.Version, release.Commit = "v2.0.0", theirs
			p.stated.Materials[2] = provenance.Self(provenance.SelfName)
			release.Version, release.Commit = "v1.0.0", ours
		}},
		{name: "another mkimage all the same", want: Equal, change: func(p *pushed) {
			p.with.AnyMkimage = true
			p.stated.Materials[2].Digest = map[string]string{"gitCommit": theirs}
		}},
		{name: "another mkimage, and another image", hidden: hidden, want: Unknown, reason: "the mkimage that built it is not known to be this one; what was built again differs: ", change: func(p *pushed) {
			p.with.AnyMkimage = true
			p.stated.Materials[2].Digest = map[string]string{"gitCommit": theirs}
		}},
		{name: "changes", want: Unknown, reason: "changes that are in no commit", change: func(p *pushed) {
			p.stated.Materials[0].Annotations = map[string]any{"modified": true}
		}},
		{name: "another proxy", want: Unknown, reason: "--proxy FILE", change: func(p *pushed) { p.with.Build.Proxy = "" }},
		{name: "a proxy of another content", want: Unknown, reason: "is not the ready proxy that its provenance names", change: func(p *pushed) {
			p.stated.Materials = append(p.stated.Materials, provenance.File(provenance.ProxyName, []byte("other")))
		}},
		{name: "linker flags that it was not built with", want: Equal, change: func(p *pushed) { p.with.Build.GoLDFlags = "-X main.a=b" }},
		{name: "linker flags", want: Unknown, reason: "--go-ldflags", change: func(p *pushed) { p.stated.Parameters.GoLDFlags = "given" }},
		{name: "steps", want: Unknown, reason: "--run-steps", change: func(p *pushed) { p.stated.Parameters.Steps = []provenance.Step{{Name: "step-1"}} }},
		{name: "another image", want: Unknown, reason: "about another image", change: func(p *pushed) { p.stated.Digest = "sha256:" + strings.Repeat("0", 64) }},
		{name: "no commit", want: Unknown, reason: "no full commit id", change: func(p *pushed) { p.stated.Materials[0].Digest["gitCommit"] = "HEAD" }},
		{name: "a branch", want: Unknown, reason: "no full commit id", change: func(p *pushed) { p.stated.Materials[0].Digest["gitCommit"] = "--upload-pack=touch" }},
		{name: "no such commit", want: Unknown, reason: "does not give commit", change: func(p *pushed) { p.stated.Materials[0].Digest["gitCommit"] = theirs }},
		{name: "a program for an address", want: Unknown, reason: "is no address of a repository", change: func(p *pushed) {
			p.with.Source, p.stated.Materials[0].URI = "", "git+ext://sh -c true"
		}},
		{name: "a folder for an address", want: Unknown, reason: "is no address of a repository", change: func(p *pushed) {
			p.with.Source, p.stated.Materials[0].URI = "", "git+file:///etc"
		}},
		{name: "another protocol", want: Unknown, reason: "neither by https nor by ssh", change: func(p *pushed) {
			p.with.Source, p.stated.Materials[0].URI = "", "git+http://git.example.org/a"
		}},
		{name: "an option for a host", want: Unknown, reason: "is no address of a repository", change: func(p *pushed) {
			p.with.Source, p.stated.Materials[0].URI = "", "git+ssh://-oProxyCommand=true/a"
		}},
		{name: "no repository", want: Unknown, reason: "was in no repository", change: func(p *pushed) { p.stated.Materials = p.stated.Materials[1:] }},
		{name: "a definition outside", want: Unknown, reason: "is in no repository", change: func(p *pushed) { p.stated.Parameters.Definition = "../a.yaml" }},
		{name: "an action outside", want: Unknown, reason: "is in no repository", change: func(p *pushed) { p.stated.Parameters.Action = "/etc/passwd" }},
		{name: "another definition", want: Unknown, reason: "is not the one that the provenance names", change: func(p *pushed) {
			p.stated.Materials[1].Digest["sha256"] = strings.Repeat("0", 64)
		}},
		{name: "files that git ignores", want: Unknown, reason: "the source has no images/bin/tool-amd64 at commit ", change: func(p *pushed) {
			definition := []byte("name: a\nbase: scratch\naction: ../program\nfiles: {/usr/bin/tool: 'bin/tool-{arch}'}\n")
			p.write("images/a.yaml", definition)
			p.write("images/bin/tool-arm64", program("tool")) // of a platform that was not built
			p.stated.Materials[0].Digest["gitCommit"], p.stated.Materials[1] = p.commit(), provenance.File("images/a.yaml", definition)
		}},
		{name: "no such definition", want: Unknown, reason: "the source has no images/b.yaml at commit ", change: func(p *pushed) { p.stated.Parameters.Definition = "images/b.yaml" }},
		{name: "a platform of another kind", want: Unknown, reason: "its provenance: ", change: func(p *pushed) { p.stated.Parameters.Platforms = []string{"plan9/mips"} }},
		{name: "a release of another kind", want: Unknown, reason: "its provenance: ", change: func(p *pushed) { p.stated.Parameters.AlpineRelease = "../v3" }},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := push(t, test.hidden)
			if test.change != nil {
				test.change(p)
			}
			p.image.Statements = []provenance.Build{p.stated}
			result, err := Image(t.Context(), p.image, p.with)
			if err != nil {
				t.Fatal(err)
			}
			said := result.Reason
			if result.Difference != nil && result.Verdict == Different {
				said = result.Difference.String()
			}
			if result.Verdict != test.want || !strings.Contains(said, test.reason) || test.want == Equal && said != "" {
				t.Errorf("%s: %s; want %s: %s", result.Verdict, said, test.want, test.reason)
			}
			if strings.ContainsAny(said, "\n") || strings.Contains(said, "mkimage-verify-") {
				t.Errorf("not one line for users: %q", said)
			}
		})
	}
}

// TestNoStatement holds that an image without a statement is told so.
func TestNoStatement(t *testing.T) {
	p := push(t, nil)
	result, err := Image(t.Context(), p.image, p.with)
	if err != nil || result.Verdict != Unknown || !strings.Contains(result.Reason, "no provenance of mkimage is attached") {
		t.Errorf("%+v, %v", result, err)
	}
}
