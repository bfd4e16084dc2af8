package registry

import (
	"encoding/pem"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	inprocess "github.com/google/go-containerregistry/pkg/registry"
)

// open returns a client that does not wait long.
func open(t *testing.T, access Access) *Client {
	t.Helper()
	if access.Pause == 0 {
		access.Pause = time.Millisecond
	}
	client, err := access.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

// newRegistry is an empty registry.
func newRegistry() http.Handler { return inprocess.New(inprocess.Logger(log.New(io.Discard, "", 0))) }

// serve starts a registry, or what looks like one, and returns its host.
func serve(t *testing.T, handler http.Handler) string {
	t.Helper()
	server := httptest.NewUnstartedServer(handler)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.Start()
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://")
}

func tagOf(t *testing.T, client *Client, text string) name.Tag {
	t.Helper()
	tag, err := client.Tag(text)
	if err != nil {
		t.Fatal(err)
	}
	return tag
}

func TestNames(t *testing.T) {
	tests := []struct{ text, want, problem string }{
		{"registry.example.org/a/b:1", "registry.example.org/a/b:1", ""},
		{"127.0.0.1:5000/a", "127.0.0.1:5000/a:latest", ""},
		{"alpine", "index.docker.io/library/alpine:latest", ""},
		{"https://registry.example.org/a", "", `"https://registry.example.org/a" is not REPOSITORY[:TAG]: a repository has no scheme ("https://"); write registry.example.org/a`},
		{"registry.example.org/A", "", `"registry.example.org/A" is not REPOSITORY[:TAG]: a repository has no upper case ("A"); write registry.example.org/a`},
		{"", "", `"" is not REPOSITORY[:TAG]`},
	}
	client := open(t, Access{})
	for _, test := range tests {
		t.Run(test.text, func(t *testing.T) {
			tag, err := client.Tag(test.text)
			if test.problem != "" {
				if err == nil || !strings.HasPrefix(err.Error(), test.problem) {
					t.Errorf("got  %v\nwant %s", err, test.problem)
				}
				return
			}
			if err != nil || tag.Name() != test.want {
				t.Errorf("got %s, %v", tag.Name(), err)
			}
		})
	}
	if _, err := client.Reference("a@sha256:1"); err == nil {
		t.Error("a digest that is too short is read")
	}
	if repository, err := client.Repository("127.0.0.1:5000/a/b"); err != nil || repository.Name() != "127.0.0.1:5000/a/b" {
		t.Errorf("got %s, %v", repository, err)
	}
}

func TestPlainHTTP(t *testing.T) {
	tests := []struct {
		host     string
		insecure bool
		scheme   string // the last one that go-containerregistry tries
	}{
		{"127.0.0.1:5000", false, "http"},
		{"127.9.9.9", false, "http"},
		{"[::1]:5000", false, "http"},
		{"localhost:5000", false, "http"},
		{"registry.example.org", false, "https"},
		{"registry.example.org", true, "http"},
		{"localhost.example.org", false, "https"},
	}
	for _, test := range tests {
		client := open(t, Access{Insecure: test.insecure})
		if scheme := tagOf(t, client, test.host+"/a").Scheme(); scheme != test.scheme {
			t.Errorf("%s, insecure %v: %s, want %s", test.host, test.insecure, scheme, test.scheme)
		}
	}
	client := open(t, Access{})
	for _, address := range []string{"http://10.0.0.1:5000/v2/", "http://localhost.example.org/v2/"} {
		request, err := http.NewRequest(http.MethodGet, address, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := client.transport.RoundTrip(request); err != errPlain {
			t.Errorf("%s: got %v", address, err)
		}
	}
}

// certificateOf is the certificate of a server, which has signed itself, in PEM form.
func certificateOf(server *httptest.Server) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
}
