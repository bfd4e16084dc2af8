package registry

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry/registrytest"
)

// TestFirstPush pushes to a repository that does not exist yet, in registries as they are, and finds it there.
func TestFirstPush(t *testing.T) {
	for _, quirks := range [][]string{nil, {"basic"}, {"token"}, {"token=new"}, {"token=both"}, {"missing=401"}, {"missing=403"}, {"missing=400"}, {"missing=401", "basic"},
		{"missing=403", "token=new"}, {"nohead"}, {"nodigest"}, {"nodigest=quoted"}, {"redirect"}, {"put=200"}, {"put=202"}, {"busy"}, {"sessions"}, {"sessions=400"}, {"sessions=404", "token"}} {
		t.Run(strings.Join(quirks, " "), func(t *testing.T) {
			docker, _, _ := noLogins(t)
			server := registrytest.Start(t, quirks...)
			writeFile(t, filepath.Join(docker, "config.json"), auths(server.Host+" u:p"), 0o600)
			client := open(t, Access{})
			tag := tagOf(t, client, server.Host+"/new/app:1")
			before, err := client.Writer(tag.Repository).Head(t.Context(), "1")
			if err != nil || before != (v1.Hash{}) {
				t.Fatalf("before: %s, %v", before, err)
			}
			if err := client.CheckPush(t.Context(), tag.Repository); err != nil {
				t.Fatal(err)
			}
			if err := client.Writer(tag.Repository).Empty(t.Context()); err != nil {
				t.Fatal(err)
			}
			if err := client.Writer(tag.Repository).Send(t.Context(), blobOf(small+1)); err != nil {
				t.Fatal(err)
			}
			if err := client.Upload(t.Context(), tag.Repository, static.NewLayer([]byte("hello"), types.OCILayer), nil); err != nil {
				t.Fatal(err)
			}
			if err := client.Put(t.Context(), tag, empty.Index); err != nil {
				t.Fatal(err)
			}
			want, err := empty.Index.Digest()
			if err != nil {
				t.Fatal(err)
			}
			for name, session := range map[string]*Session{"writer": client.Writer(tag.Repository), "reader": client.Reader(tag.Repository)} {
				if got, err := session.Head(t.Context(), "1"); err != nil || got != want {
					t.Errorf("%s: %s, %v", name, got, err)
				}
			}
		})
	}
}

// TestWrongLogin holds that a registry that refuses to list its content is not mistaken for one that accepts
// everything.
func TestWrongLogin(t *testing.T) {
	for _, quirk := range []string{"basic", "token", "token=new", "token=both"} {
		noLogins(t)
		server := registrytest.Start(t, quirk)
		client := open(t, Access{User: "u", Password: "wrong", Hosts: []string{server.Host}})
		repository := tagOf(t, client, server.Host+"/app").Repository
		err := client.Upload(t.Context(), repository, static.NewLayer([]byte("hello"), types.OCILayer), nil)
		if text := fmt.Sprint(client.Explain("push", repository, err)); !strings.HasSuffix(text, "it does not take the user and password that were given: wrong, or expired; log in again") {
			t.Errorf("%s: %s", quirk, text)
		}
	}
}

// TestSessionLogsInOnce counts what it costs to be let in.
func TestSessionLogsInOnce(t *testing.T) {
	noLogins(t)
	server := registrytest.Start(t, "token=new")
	client := open(t, Access{User: "u", Password: "p", Hosts: []string{server.Host}})
	repository := tagOf(t, client, server.Host+"/app").Repository
	for range 3 {
		if _, err := client.Writer(repository).Head(t.Context(), "1"); err != nil {
			t.Fatal(err)
		}
	}
	tokens, pings := 0, 0
	for _, request := range server.Asked() {
		tokens += strings.Count(request, " /token ")
		pings += strings.Count(request, " /v2/ ")
	}
	if tokens != 1 || pings != 1 {
		t.Errorf("%d tokens, %d times /v2/", tokens, pings)
	}
}

// TestSend counts the requests for small blobs, and finds them in the registry.
func TestSend(t *testing.T) {
	for _, test := range []struct {
		quirk string
		want  string
	}{
		{"apart", "POST POST POST"},
		{"sessions", "POST PUT POST PUT POST PUT"},
		{"sessions=400", "POST HEAD POST PATCH PUT POST PUT POST PUT"},
	} {
		t.Run(test.quirk, func(t *testing.T) {
			noLogins(t)
			server := registrytest.Start(t, test.quirk)
			client := open(t, Access{})
			repository := tagOf(t, client, server.Host+"/app").Repository
			session := client.Writer(repository)
			contents := [][]byte{[]byte("{}"), make([]byte, small+1), []byte("another")}
			for range 2 {
				if err := session.Empty(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			for _, content := range contents[1:] {
				if err := session.Send(t.Context(), static.NewLayer(content, types.OCILayer)); err != nil {
					t.Fatal(err)
				}
			}
			var methods []string
			for _, request := range server.Asked() {
				if method, path, _ := strings.Cut(request, " "); !strings.HasPrefix(path, "/v2/ ") {
					methods = append(methods, method)
				}
			}
			if got := strings.Join(methods, " "); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
			for _, content := range contents {
				digest, _, err := v1.SHA256(bytes.NewReader(content))
				if err != nil {
					t.Fatal(err)
				}
				if there, err := session.HasBlob(t.Context(), digest); err != nil || !there {
					t.Errorf("%d bytes: %v, %v", len(content), there, err)
				}
			}
		})
	}
}

// TestOnePing holds that a registry is asked once how it lets clients in.
func TestOnePing(t *testing.T) {
	noLogins(t)
	for _, quirk := range []string{"apart", "basic", "token"} {
		server := registrytest.Start(t, quirk)
		client := open(t, Access{User: "u", Password: "p", Hosts: []string{server.Host}})
		var group sync.WaitGroup
		for _, name := range []string{"a", "b", "c"} {
			group.Go(func() {
				repository := tagOf(t, client, server.Host+"/"+name).Repository
				if err := client.Writer(repository).Empty(t.Context()); err != nil {
					t.Error(err)
				}
				if err := client.Upload(t.Context(), repository, static.NewLayer([]byte(name), types.OCILayer), nil); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		pings := 0
		for _, request := range server.Asked() {
			pings += strings.Count(request, " /v2/ ")
		}
		if pings != 1 {
			t.Errorf("%s: it was asked %d times", quirk, pings)
		}
	}
}

// TestRedirects holds that a registry cannot redirect the login, or any request, to another host of this network.
func TestRedirects(t *testing.T) {
	noLogins(t)
	server := registrytest.Start(t, "basic", "referrers-elsewhere")
	client := open(t, Access{User: "u", Password: "p", Hosts: []string{server.Host}})
	repository := tagOf(t, client, server.Host+"/app").Repository
	var seen atomic.Bool
	server.Between(func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasPrefix(r.Host, "localhost:") {
			seen.Store(true)
		}
		return false
	})
	_, err := client.Reader(repository).Do(t.Context(), http.MethodGet, "referrers/sha256:1", nil, nil)
	if err == nil || !strings.Contains(err.Error(), "it redirects to localhost, an address of this network") || seen.Load() {
		t.Errorf("got %v; it was asked: %v", err, seen.Load())
	}
	if strings.Contains(fmt.Sprint(err), base64.StdEncoding.EncodeToString([]byte("u:p"))) {
		t.Error("the error has the login")
	}
	if _, err := client.Reader(repository).Do(t.Context(), http.MethodGet, "http://elsewhere.example/v2/app/referrers/x", nil, nil); err == nil || !strings.Contains(err.Error(), "leads away from "+server.Host) {
		t.Errorf("got %v", err)
	}
}
