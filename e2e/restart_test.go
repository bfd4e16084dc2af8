package e2e

import (
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// ownRegistry is a registry process of a test, which it can kill.
type ownRegistry struct {
	address, config string
	process         *exec.Cmd
}

func startOwnRegistry(t *testing.T) *ownRegistry {
	t.Helper()
	needProgram(t, "docker-registry")
	dir := t.TempDir()
	r := &ownRegistry{address: "127.0.0.1:" + testkit.Port(t), config: filepath.Join(dir, "registry.yml")}
	text := fmt.Sprintf("version: 0.1\nlog: {level: error, accesslog: {disabled: true}}\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: %q}\n",
		filepath.Join(dir, "data"), r.address)
	if err := os.WriteFile(r.config, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
	r.start(t)
	t.Cleanup(r.kill)
	return r
}

// start returns when the registry answers.
func (r *ownRegistry) start(t *testing.T) {
	t.Helper()
	r.process = exec.Command("docker-registry", "serve", r.config)
	if err := r.process.Start(); err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "docker-registry answers", func() bool {
		answer, err := http.Get("http://" + r.address + "/v2/")
		if err == nil {
			answer.Body.Close()
		}
		return err == nil
	})
}

func (r *ownRegistry) kill() {
	_ = r.process.Process.Kill()
	_ = r.process.Wait()
}

// through is a way to the registry, on which a test can act when a blob comes.
func (r *ownRegistry) through(t *testing.T, blob func()) string {
	t.Helper()
	return serve(t, &httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
		if hasBlob(p.In) {
			blob()
		}
		p.SetURL(&url.URL{Scheme: "http", Host: r.address})
		p.Out.Host = p.In.Host
	}, ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) }})
}

// hasBlob reports whether a request brings the data of a blob.
func hasBlob(r *http.Request) bool {
	return r.Method == http.MethodPatch || r.Method == http.MethodPut && r.URL.Query().Has("digest") && r.ContentLength > 0
}

// TestRegistryRestarts kills the registry when the second blob comes, and starts it again: the same push ends well.
func TestRegistryRestarts(t *testing.T) {
	t.Parallel()
	registry := startOwnRegistry(t)
	var mutex sync.Mutex
	blobs := 0
	address := registry.through(t, func() {
		mutex.Lock()
		defer mutex.Unlock()
		if blobs++; blobs == 2 {
			registry.kill()
			registry.start(t)
		}
	})
	p := newPusher(t)
	pushed := p.succeeds(t, "push", "scratch", address+"/scratch:v1")
	digest := "sha256:" + strings.TrimPrefix(pushed, address+"/scratch@sha256:")
	if got := tagged(t, registry.address+"/scratch", "v1"); got != digest {
		t.Errorf("v1 names %s, want %s", got, digest)
	}
}

// TestRegistryDies kills the registry for good: the push fails, says what is there, and is finished by the next one.
func TestRegistryDies(t *testing.T) {
	t.Parallel()
	registry := startOwnRegistry(t)
	var mutex sync.Mutex
	blobs, dead := 0, false
	address := registry.through(t, func() {
		mutex.Lock()
		defer mutex.Unlock()
		if blobs++; blobs == 3 {
			registry.kill()
			dead = true
		}
	})
	p := newPusher(t)
	push := []string{"push", "scratch", address + "/scratch:v1", "--metadata-file", "metadata.json"}
	p.fails(t, "", append(push, "--registry-retries", "1"), "push "+address+"/scratch:v1: "+address+" breaks the connection off", "not pushed: "+address+"/scratch:v1")
	mutex.Lock() // so that this is after the kill, also for the race detector
	killed := dead
	mutex.Unlock()
	if !killed {
		t.Fatal("the registry was not killed")
	}
	registry.start(t)
	if got := tagged(t, registry.address+"/scratch", "v1"); got != "404 Not Found" {
		t.Errorf("after half a push v1 names %s", got)
	}
	pushed := p.succeeds(t, push...)
	digest := "sha256:" + strings.TrimPrefix(pushed, address+"/scratch@sha256:")
	if got := tagged(t, registry.address+"/scratch", "v1"); got != digest {
		t.Errorf("v1 names %s, want %s", got, digest)
	}
}

// TestTwoPushes pushes two images to one tag at the same time: one of them wins, whole.
func TestTwoPushes(t *testing.T) {
	t.Parallel()
	registry := needRegistry(t)
	p := newPusher(t)
	repository := registry + "/" + unique() + "/scratch"
	var group sync.WaitGroup
	var mutex sync.Mutex
	digests := map[string]bool{}
	for _, image := range []string{"a", "b"} {
		writeDefinition(t, filepath.Join(p.dir, image), image, image)
		group.Go(func() {
			cmd := exec.Command(built.mkimage, "build", "--images", image, "--size-record", image+".json", "--sbom", "none", "--attest", "none",
				"-o", "type=registry,ref="+repository+":v1")
			cmd.Dir = p.dir
			text, err := cmd.Output()
			if err != nil {
				t.Error(err)
				return
			}
			mutex.Lock()
			defer mutex.Unlock()
			_, digest, _ := strings.Cut(strings.TrimSpace(string(text)), "@")
			digests[digest] = true
		})
	}
	group.Wait()
	if got := tagged(t, repository, "v1"); len(digests) != 2 || !digests[got] {
		t.Errorf("v1 names %s, which is none of %v", got, digests)
	}
	needProgram(t, "skopeo")
	output(t, t.TempDir(), "skopeo", "--insecure-policy", "copy", "--all", "--src-tls-verify=false", "docker://"+repository+":v1", "dir:whole")
}
