package e2e

import (
	"crypto/rand"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
)

// TestRegistry pushes the image, pulls it by its digest with another program, and starts what came back.
func TestRegistry(t *testing.T) {
	t.Parallel()
	registry := needRegistry(t)
	needProgram(t, "skopeo")
	repository := registry + "/e2e/" + strings.ToLower(rand.Text())
	pushed, _ := mkimage(t, "build", "scratch", "-o", "type=registry,ref="+repository+":v1")
	digest, found := strings.CutPrefix(pushed, repository+"@sha256:")
	if !found || len(digest) != 64 {
		t.Fatalf("stdout is %q, want one line: %s@sha256:...", pushed, repository)
	}

	t.Run("the tags name the digest", func(t *testing.T) {
		for _, tag := range []string{"v1", "content-" + digest[:12]} {
			if got := tagged(t, repository, tag); got != "sha256:"+digest {
				t.Errorf("tag %s is %s, want sha256:%s", tag, got, digest)
			}
		}
	})
	t.Run("a second build pushes the same", func(t *testing.T) {
		if again, _ := mkimage(t, "build", "scratch", "-o", "type=registry,ref="+repository+":v2"); again != pushed {
			t.Errorf("second build pushed %s, want %s", again, pushed)
		}
	})
	t.Run("pulled by digest it runs", func(t *testing.T) {
		needEngine(t)
		name, archive := imageName(t), filepath.Join(t.TempDir(), "pulled.tar")
		output(t, "", "skopeo", "--insecure-policy", "copy", "--src-tls-verify=false",
			"docker://"+pushed, "docker-archive:"+archive+":"+name)
		docker(t, "load", "-i", archive)
		i, _ := start(t, name, invoker...)
		i.init(t, read(t, built.v1))
		i.greets(t, "Mike")
		i.logged(t, []string{""}, []string{"greeting Mike\n"})
	})
	t.Run("the engine pulls the content tag", func(t *testing.T) {
		needEngine(t)
		name := repository + ":content-" + digest[:12]
		docker(t, "pull", name)
		t.Cleanup(func() { docker(t, "image", "rm", name) })
		i, _ := start(t, name, invoker...)
		i.init(t, read(t, built.v1))
		i.greets(t, "Mike")
	})
}

// tagged asks the registry which digest a tag names.
func tagged(t *testing.T, repository, tag string) string {
	t.Helper()
	host, path, _ := strings.Cut(repository, "/")
	req, err := http.NewRequest(http.MethodHead, "http://"+host+"/v2/"+path+"/manifests/"+tag, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept", "application/vnd.oci.image.index.v1+json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return resp.Status
	}
	return resp.Header.Get("Docker-Content-Digest")
}

// unique is a name that nobody else pushes to.
func unique() string { return "e2e/" + strings.ToLower(rand.Text()) }

// serve starts a server that belongs to the test, and returns its host:port.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}
