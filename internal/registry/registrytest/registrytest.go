// Package registrytest is a registry for tests, with the quirks of real ones:
//
//	server := registrytest.Start(t, "dash-is-digest", "immutable=412")
//	… push to server.Host + "/app:1" …
//	written := server.Asked("PUT")
//
// Without quirks it follows the distribution-spec, and has no referrers API.
package registrytest

import (
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	inprocess "github.com/google/go-containerregistry/pkg/registry"
)

// Server is a registry that listens on this machine.
type Server struct {
	Host string // HOST:PORT

	mutex    sync.Mutex
	requests []string // METHOD PATH -> STATUS
	between  func(w http.ResponseWriter, r *http.Request) (answered bool)
}

// Start starts a registry for a test.
func Start(t testing.TB, quirks ...string) *Server {
	t.Helper()
	server, stop, err := Listen(quirks...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	return server
}

// Listen starts a registry, and returns a function that ends it.
func Listen(quirks ...string) (*Server, func(), error) {
	options := []inprocess.Option{inprocess.Logger(log.New(io.Discard, "", 0)), inprocess.WithReferrersSupport(slices.Contains(quirks, "referrers"))}
	handler := http.Handler(inprocess.New(options...))
	for _, text := range quirks {
		name, value, _ := strings.Cut(text, "=")
		quirk, known := Quirks[name]
		if !known {
			return nil, nil, fmt.Errorf("no quirk %q", name)
		}
		handler = quirk(value, handler)
	}
	s := &Server{}
	listening := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mutex.Lock()
		between := s.between
		s.mutex.Unlock()
		noted := Noting(w)
		if between == nil || !between(noted, r) {
			handler.ServeHTTP(noted, r)
		}
		s.mutex.Lock()
		defer s.mutex.Unlock()
		s.requests = append(s.requests, fmt.Sprintf("%s %s -> %d", r.Method, r.URL.Path, noted.Code))
	}))
	listening.Config.ErrorLog = log.New(io.Discard, "", 0) // for clients that try https first
	listening.Start()
	s.Host = listening.Listener.Addr().String()
	return s, listening.Close, nil
}

// Between lets a test answer requests in place of the registry.
func (s *Server) Between(answer func(w http.ResponseWriter, r *http.Request) (answered bool)) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.between = answer
}

// Asked returns the requests so far with one of the methods (all without any), and forgets them.
func (s *Server) Asked(methods ...string) []string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	var found []string
	for _, request := range s.requests {
		method, _, _ := strings.Cut(request, " ")
		if len(methods) == 0 || slices.Contains(methods, method) {
			found = append(found, request)
		}
	}
	s.requests = nil
	return found
}

// Noted records the status of an answer.
type Noted struct {
	http.ResponseWriter
	Code int
}

// Noting returns a writer that records the status of the answer that goes through it.
func Noting(w http.ResponseWriter) *Noted { return &Noted{w, http.StatusOK} }

func (n *Noted) WriteHeader(code int) {
	n.Code = code
	n.ResponseWriter.WriteHeader(code)
}

// Unwrap is for http.ResponseController.
func (n *Noted) Unwrap() http.ResponseWriter { return n.ResponseWriter }
