package e2e

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// tlsRegistry is the registry of ci/services with TLS and a password.
type tlsRegistry struct{ address, ca, user, password string }

func needTLSRegistry(t *testing.T) tlsRegistry {
	t.Helper()
	r := tlsRegistry{os.Getenv("MKIMAGE_TEST_TLS_REGISTRY"), os.Getenv("MKIMAGE_TEST_TLS_REGISTRY_CA"),
		os.Getenv("MKIMAGE_TEST_TLS_REGISTRY_USER"), os.Getenv("MKIMAGE_TEST_TLS_REGISTRY_PASSWORD")}
	if r.address == "" {
		missing(t, "MKIMAGE_TEST_TLS_REGISTRY is not set; ci/services starts a registry")
	}
	return r
}

// pusher runs mkimage in a folder where scratch is built, with a home of its own.
type pusher struct {
	dir, home string
	env       []string
	said      *bytes.Buffer // everything that was printed
}

func newPusher(t *testing.T) *pusher {
	t.Helper()
	_, dir := mkimage(t, "build", "scratch")
	return &pusher{dir: dir, home: t.TempDir(), said: new(bytes.Buffer)}
}

// run runs mkimage and returns what it printed and its exit status.
func (p *pusher) run(t *testing.T, stdin string, args ...string) (stdout, stderr string, status int) {
	t.Helper()
	var out, err strings.Builder
	cmd := exec.Command(built.mkimage, args...)
	cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = p.dir, strings.NewReader(stdin), &out, &err
	cmd.Env = append(os.Environ(), "DOCKER_CONFIG="+p.home, "REGISTRY_AUTH_FILE=", "XDG_RUNTIME_DIR="+p.home, "XDG_CONFIG_HOME="+p.home,
		"MKIMAGE_CACHE_DIR="+filepath.Join(p.home, "cache"))
	cmd.Env = append(cmd.Env, p.env...)
	var exit *exec.ExitError
	if failed := cmd.Run(); errors.As(failed, &exit) {
		status = exit.ExitCode()
	} else if failed != nil {
		t.Fatal(failed)
	}
	p.said.WriteString(out.String() + err.String())
	return strings.TrimSpace(out.String()), strings.TrimSpace(err.String()), status
}

// succeeds runs mkimage, which must not fail, and returns its stdout.
func (p *pusher) succeeds(t *testing.T, args ...string) string {
	t.Helper()
	stdout, stderr, status := p.run(t, "", args...)
	if status != 0 {
		t.Fatalf("mkimage %s: exit status %d\n%s", strings.Join(args, " "), status, stderr)
	}
	return stdout
}

// fails runs mkimage, which must end with exit status 1 and one error that holds these words.
func (p *pusher) fails(t *testing.T, stdin string, args []string, words ...string) {
	t.Helper()
	stdout, stderr, status := p.run(t, stdin, args...)
	if status != 1 || stdout != "" || strings.Count("\n"+stderr, "\nmkimage: ") != 1 {
		t.Errorf("mkimage %s: exit status %d, %q\n%s", strings.Join(args, " "), status, stdout, stderr)
	}
	for _, word := range words {
		if !strings.Contains(stderr, word) {
			t.Errorf("mkimage %s: no %q in\n%s", strings.Join(args, " "), word, stderr)
		}
	}
}

// transfer is what --metadata-file says of a push.
func (p *pusher) transfer(t *testing.T) (uploaded, mounted, present int, bytes int64) {
	t.Helper()
	type blobs struct {
		Blobs int
		Bytes int64
	}
	var metadata struct {
		Images []struct {
			Outputs []struct {
				Transfer struct{ Uploaded, Mounted, Present blobs }
			}
		}
	}
	if err := json.Unmarshal(read(t, filepath.Join(p.dir, "metadata.json")), &metadata); err != nil {
		t.Fatal(err)
	}
	for _, image := range metadata.Images {
		moved := image.Outputs[0].Transfer
		uploaded += moved.Uploaded.Blobs
		mounted += moved.Mounted.Blobs
		present += moved.Present.Blobs
		bytes += moved.Uploaded.Bytes
	}
	return uploaded, mounted, present, bytes
}

// TestPushTLS pushes to a registry with a private authority and a password, and looks for the password in all that is
// printed and written.
func TestPushTLS(t *testing.T) {
	t.Parallel()
	registry := needTLSRegistry(t)
	p := newPusher(t)
	repository := registry.address + "/" + unique() + "/scratch"
	push := []string{"push", "scratch", repository + ":v1", "--metadata-file", "metadata.json"}

	p.fails(t, "", push, "the certificate of "+registry.address+" is not trusted", "--registry-ca")
	p.env = []string{"MKIMAGE_REGISTRY_CA=" + registry.ca}
	p.fails(t, "", push, registry.address+" answered 401 Unauthorized", "log in with: docker login "+registry.address, "not pushed: "+repository+":v1")
	p.env = append(p.env, "MKIMAGE_REGISTRY_USER="+registry.user, "MKIMAGE_REGISTRY_PASSWORD=wr0ng-"+registry.password)
	p.fails(t, "", push, "it does not take the user and password that were given: wrong, or expired")
	p.fails(t, "", []string{"build", "scratch", "--push", "--repo", registry.address + "/" + unique()}, "answered 401")
	p.env = []string{"SSL_CERT_FILE=" + registry.ca, "MKIMAGE_REGISTRY_USER=" + registry.user, "MKIMAGE_REGISTRY_PASSWORD=" + registry.password}
	for _, mode := range []string{"plain", "json", "none", "auto"} {
		pushed := p.succeeds(t, append(push, "--progress", mode)...)
		if !strings.HasPrefix(pushed, repository+"@sha256:") {
			t.Errorf("stdout is %q", pushed)
		}
		uploaded, _, present, bytes := p.transfer(t)
		if mode == "plain" && (uploaded == 0 || present != 0) || mode != "plain" && (uploaded != 0 || bytes != 0) {
			t.Errorf("%s: %d blobs of %d bytes were sent, %d were there", mode, uploaded, bytes, present)
		}
	}
	p.env = []string{"SSL_CERT_FILE=" + registry.ca}
	if _, stderr, status := p.run(t, registry.password+"\n", append(push, "--registry-user", registry.user, "--registry-password-stdin")...); status != 0 {
		t.Errorf("a password on standard input: %s", stderr)
	}

	auth := base64.StdEncoding.EncodeToString([]byte(registry.user + ":" + registry.password))
	writeLogin(t, filepath.Join(p.home, "config.json"), registry.address, auth)
	p.succeeds(t, "build", "scratch", "--push", "--repo", registry.address+"/"+unique(), "--tag", "x", "--metadata-file", "metadata.json")
	p.succeeds(t, "inspect", repository+":v1")
	p.succeeds(t, "sizes", "--remote", repository+":v1")

	if err := os.Remove(filepath.Join(p.home, "config.json")); err != nil {
		t.Fatal(err)
	}
	noSecret(t, p, registry.password, auth)
}

func writeLogin(t *testing.T, path, host, auth string) {
	t.Helper()
	text := `{"auths": {"` + host + `": {"auth": "` + auth + `"}}}`
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// noSecret looks for secrets in all output, in the folder of the builds, and in the home, which has the cache.
func noSecret(t *testing.T, p *pusher, secrets ...string) {
	t.Helper()
	look := func(where string, content []byte) {
		for _, secret := range secrets {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("a secret is in %s", where)
			}
		}
	}
	look("the output", p.said.Bytes())
	for _, dir := range []string{p.dir, p.home} {
		err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			content, err := os.ReadFile(path)
			look(path, content)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// empty is the config that attachments have, with which every build asks for the right to push.
const empty = "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"

// TestPushAgain counts the bytes of blobs that a registry gets, on the way to it.
func TestPushAgain(t *testing.T) {
	t.Parallel()
	registry := needRegistry(t)
	var blobs, mounts atomic.Int64
	through := &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(&url.URL{Scheme: "http", Host: registry})
		r.Out.Host = r.In.Host // uploads come this way too
		if hasBlob(r.In) && r.In.URL.Query().Get("digest") != empty {
			blobs.Add(r.In.ContentLength)
		}
	}, ModifyResponse: func(r *http.Response) error {
		if of := r.Request.URL.Query().Get("mount"); of != "" && of != empty && r.StatusCode == http.StatusCreated {
			mounts.Add(1)
		}
		return nil
	}}
	server := serve(t, through)
	p := newPusher(t)
	repo := server + "/" + unique()
	build := []string{"build", "--images", "two", "--push", "--repo", repo, "--tag", "v1", "--sbom", "none", "--attest", "none", "--metadata-file", "metadata.json"}
	for _, image := range []string{"a", "b"} {
		writeDefinition(t, filepath.Join(p.dir, "two"), image, image)
	}
	first := p.succeeds(t, build...)
	uploaded, mounted, _, bytes := p.transfer(t)
	if blobs.Load() < bytes || bytes == 0 || uploaded == 0 || mounted == 0 || int64(mounted) != mounts.Load() {
		t.Errorf("%d bytes came and %d blobs were mounted; it says %d blobs of %d bytes, and %d", blobs.Load(), mounts.Load(), uploaded, bytes, mounted)
	}
	blobs.Store(0)
	if again := p.succeeds(t, build...); again != first {
		t.Errorf("first %s, then %s", first, again)
	}
	if blobs.Load() != 0 {
		t.Errorf("%d bytes of blobs came for an unchanged set", blobs.Load())
	}

	// Another label is another config, and no other layer.
	writeDefinition(t, filepath.Join(p.dir, "two"), "a", "changed")
	p.succeeds(t, build...)
	if uploaded, _, present, _ := p.transfer(t); uploaded != 2 || present == 0 {
		t.Errorf("%d blobs were sent for two changed configs, %d were there", uploaded, present)
	}
}

func writeDefinition(t *testing.T, dir, image, label string) {
	t.Helper()
	text := "name: " + image + "\ndescription: Test\nbase: scratch\nlabels: {which: " + label + "}\n"
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, image+".yaml"), []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// TestPulledBack pulls what was pushed with crane's library and with skopeo, and starts it by tag and by digest.
func TestPulledBack(t *testing.T) {
	t.Parallel()
	registry := needRegistry(t)
	p := newPusher(t)
	repository := registry + "/" + unique() + "/scratch"
	pushed := p.succeeds(t, "push", "scratch", repository+":v1")

	t.Run("crane", func(t *testing.T) {
		for _, architecture := range []string{"amd64", "arm64"} {
			for _, text := range []string{pushed, repository + ":v1"} {
				reference, err := name.ParseReference(text)
				if err != nil {
					t.Fatal(err)
				}
				image, err := remote.Image(reference, remote.WithPlatform(v1.Platform{OS: "linux", Architecture: architecture}))
				if err != nil {
					t.Fatal(err)
				}
				if err := validate.Image(image); err != nil {
					t.Error(err)
				}
				config, err := image.ConfigFile()
				if err != nil || config.Architecture != architecture {
					t.Errorf("%s on %s is for %v, %v", text, architecture, config, err)
				}
			}
		}
	})
	t.Run("skopeo", func(t *testing.T) {
		needProgram(t, "skopeo")
		dir := t.TempDir()
		for _, architecture := range []string{"amd64", "arm64"} {
			output(t, dir, "skopeo", "--insecure-policy", "copy", "--src-tls-verify=false", "--override-arch", architecture,
				"docker://"+repository+":v1", "dir:"+architecture)
			got := output(t, dir, "skopeo", "inspect", "--config", "--override-arch", architecture, "dir:"+architecture)
			if !strings.Contains(got, `"`+architecture+`"`) {
				t.Errorf("for %s it is %s", architecture, got)
			}
		}
	})
	t.Run("Docker", func(t *testing.T) {
		needEngine(t)
		for _, reference := range []string{repository + ":v1", pushed} {
			docker(t, "pull", reference)
			t.Cleanup(func() { docker(t, "image", "rm", "--force", reference) })
			i, _ := start(t, reference, invoker...)
			i.init(t, read(t, built.v1))
			i.greets(t, "Mike")
		}
	})
}
