package buildkit_test

import (
	"crypto/rand"
	"io"
	stdlog "log"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	inprocess "github.com/google/go-containerregistry/pkg/registry"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit/daemontest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
)

// loginRegistry is a registry that wants a login, records the requests of this side, and may have lost layers.
type loginRegistry struct {
	repository name.Repository
	client     *registry.Client

	mutex sync.Mutex
	lost  []string // digests of blobs that it says it has, and does not give away
	asked []string // by this side: METHOD and the kind of thing
}

func newRegistry(t *testing.T) *loginRegistry {
	t.Helper()
	s := &loginRegistry{}
	behind := inprocess.New(inprocess.Logger(stdlog.New(io.Discard, "", 0)))
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if user, given, _ := r.BasicAuth(); user != "me" || given != password {
			w.Header().Set("WWW-Authenticate", `Basic realm="a registry"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		if s.note(r) {
			http.Error(w, "it is lost", http.StatusNotFound)
			return
		}
		behind.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	host := strings.TrimPrefix(server.URL, "http://")
	var err error
	if s.client, err = (registry.Access{User: "me", Password: password, Hosts: []string{host}}).Open(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.client.Close)
	if s.repository, err = s.client.Repository(host + "/actions/x"); err != nil {
		t.Fatal(err)
	}
	return s
}

// newDistribution is a new repository in the registry that ci/services starts.
func newDistribution(t *testing.T) *loginRegistry {
	t.Helper()
	host := os.Getenv("MKIMAGE_TEST_REGISTRY")
	if host == "" && os.Getenv("CI") == "true" {
		t.Fatal("no registry: ci/services starts one and sets $MKIMAGE_TEST_REGISTRY")
	}
	if host == "" {
		t.Skip("no registry: eval \"$(ci/services)\" starts one")
	}
	client, err := registry.Access{}.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	repository, err := client.Repository(host + "/near/" + strings.ToLower(rand.Text()))
	if err != nil {
		t.Fatal(err)
	}
	return &loginRegistry{repository: repository, client: client}
}

// note notes a request of this side, and reports whether the answer is that there is no such layer.
func (s *loginRegistry) note(r *http.Request) (lost bool) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	parts := strings.Split(r.URL.Path, "/")
	if strings.HasPrefix(r.UserAgent(), "mkimage") && len(parts) > 3 {
		s.asked = append(s.asked, r.Method+" "+parts[len(parts)-2])
	}
	return r.Method == http.MethodGet && slices.Contains(s.lost, parts[len(parts)-1])
}

// put puts layers there, and no manifest that names them.
func (s *loginRegistry) put(t *testing.T, image plan.Image) {
	t.Helper()
	for _, l := range image.Layers {
		if err := s.client.Upload(t.Context(), s.repository, l, nil); err != nil {
			t.Fatal(err)
		}
	}
	s.requests()
}

// requests returns what this side has asked since the last call.
func (s *loginRegistry) requests() string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	defer func() { s.asked = nil }()
	slices.Sort(s.asked)
	return strings.Join(s.asked, ", ")
}

// options are for an engine that pushes there.
func (s *loginRegistry) options(own *daemontest.Daemon, shown *lines) buildkit.Options {
	return buildkit.Options{
		Builders: []string{own.Address}, Display: shown.display(), Registry: s.client, Keychain: s.client.Keychain(),
		Push: func(string) []string { return []string{s.repository.Name()} },
	}
}
