// Package wsktest has a stub of OpenWhisk's REST API for tests: it keeps actions, runs them as its test says, and
// remembers every request.
//
//	stub := wsktest.New()
//	server := httptest.NewServer(stub)
package wsktest

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Key is the only key that the stub knows.
const Key = "tester:a-key-that-no-output-may-have"

// root is where the API's namespaces begin.
const root = "/api/v1/namespaces/"

// Request is a request of a client.
type Request struct {
	Method, Path, Query string // the path as it was written, escapes and all
	Header              http.Header
	Body                string
}

// Stub is an OpenWhisk with one user. The zero values of its settings make every call succeed.
type Stub struct {
	// Fail answers a request in place of the stub, where it returns true.
	Fail func(http.ResponseWriter, *http.Request) bool
	// Result returns status and result of a run; it greets when nil.
	Result func(action string, value json.RawMessage) (status string, result any)
	// Late is how often a log is not there yet when it is asked for.
	Late int
	// Packages has the parameters of packages.
	Packages map[string][]any
	// Slow makes invocations outlast the request.
	Slow bool

	mutex       sync.Mutex
	requests    []Request
	versions    map[string]int            // of actions
	actions     map[string]map[string]any // as they were put
	activations map[string]map[string]any // by their id
}

// New returns a stub without actions.
func New() *Stub {
	return &Stub{versions: map[string]int{}, actions: map[string]map[string]any{}, activations: map[string]map[string]any{}}
}

// Requests returns all requests so far.
func (s *Stub) Requests() []Request {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return append([]Request(nil), s.requests...)
}

// ServeHTTP answers as the controller does (openwhisk, core/controller, Actions.scala and Activations.scala).
func (s *Stub) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.requests = append(s.requests, Request{r.Method, r.URL.EscapedPath(), r.URL.RawQuery, r.Header.Clone(), string(body)})
	path, known := strings.CutPrefix(r.URL.Path, root)
	namespace, path, _ := strings.Cut(path, "/")
	collection, name, _ := strings.Cut(path, "/")
	switch {
	case s.Fail != nil && s.Fail(w, r):
	case r.Header.Get("Authorization") != "Basic "+base64.StdEncoding.EncodeToString([]byte(Key)):
		fail(w, http.StatusUnauthorized, "The supplied authentication is invalid")
	case !known:
		fail(w, http.StatusNotFound, "The requested resource does not exist.")
	case namespace != "_" && namespace != "guest":
		fail(w, http.StatusForbidden, "The supplied authentication is not authorized to access '"+namespace+"'.")
	case collection == "actions" && r.Method == http.MethodPut:
		s.put(w, r, name, body)
	case collection == "actions" && r.Method == http.MethodGet && s.versions[name] > 0:
		s.get(w, name)
	case collection == "packages" && r.Method == http.MethodGet && s.Packages[name] != nil:
		answer(w, http.StatusOK, map[string]any{"namespace": "guest", "name": name, "parameters": s.Packages[name]})
	case collection == "actions" && r.Method == http.MethodPost:
		s.invoke(w, r, name, body)
	case collection == "activations" && r.Method == http.MethodGet:
		s.record(w, name)
	default:
		fail(w, http.StatusNotFound, "The requested resource does not exist.")
	}
}

func (s *Stub) put(w http.ResponseWriter, r *http.Request, name string, body []byte) {
	var action struct {
		Exec struct{ Kind, Image string } `json:"exec"`
	}
	switch {
	case json.Unmarshal(body, &action) != nil || action.Exec.Kind != "blackbox" || action.Exec.Image == "":
		fail(w, http.StatusBadRequest, "The request content was malformed:\n'image' must be a string defined in 'exec' for 'blackbox' actions")
	case s.versions[name] > 0 && r.URL.Query().Get("overwrite") != "true":
		fail(w, http.StatusConflict, "resource already exists")
	default:
		s.versions[name]++
		s.actions[name] = kept(body, fmt.Sprintf("0.0.%d", s.versions[name]), s.actions[name])
		answer(w, http.StatusOK, s.actions[name])
	}
}

// kept returns an action as it is kept: the sent members over the former ones, the sent annotations merged into the
// former ones, and the members that OpenWhisk adds (Actions.scala, makeWhiskAction and updateWhiskAction).
func kept(body []byte, version string, former map[string]any) map[string]any {
	action := map[string]any{"limits": map[string]any{"timeout": 60000, "memory": 256, "logs": 10, "concurrency": 1}, "parameters": []any{}, "annotations": []any{}}
	maps.Copy(action, former)
	sent := map[string]any{}
	_ = json.Unmarshal(body, &sent) // it was read before
	added := []any{}
	if former == nil {
		added = append(added, map[string]any{"key": "provide-api-key", "value": false})
	}
	given, _ := sent["annotations"].([]any)
	annotations := merged(merged(added, action["annotations"].([]any)), given)
	sent["annotations"] = merged(annotations, []any{map[string]any{"key": "exec", "value": "blackbox"}})
	if parameters, ok := sent["parameters"].([]any); ok {
		sent["parameters"] = merged(nil, parameters)
	}
	if limits, ok := sent["limits"].(map[string]any); ok {
		all := maps.Clone(action["limits"].(map[string]any))
		maps.Copy(all, limits)
		sent["limits"] = all
	}
	maps.Copy(action, sent)
	action["namespace"], action["version"] = "guest", version
	return action
}

// merged returns key-value pairs with others over them, by key.
func merged(below, upper []any) []any {
	all := map[string]any{}
	for _, each := range append(slices.Clone(below), upper...) {
		pair := each.(map[string]any)
		all[pair["key"].(string)] = pair
	}
	list := []any{}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		list = append(list, all[key])
	}
	return list
}

// get answers with an action, and with the parameters of its package below its own.
func (s *Stub) get(w http.ResponseWriter, name string) {
	action := maps.Clone(s.actions[name])
	if pack, _, ok := strings.Cut(name, "/"); ok {
		action["parameters"] = merged(s.Packages[pack], action["parameters"].([]any))
	}
	answer(w, http.StatusOK, action)
}

func (s *Stub) invoke(w http.ResponseWriter, r *http.Request, name string, body []byte) {
	if s.versions[name] == 0 {
		fail(w, http.StatusNotFound, "The requested resource does not exist.")
		return
	}
	status, result := "success", any(map[string]string{"greetings": "Hello"})
	if s.Result != nil {
		status, result = s.Result(name, body)
	}
	id := fmt.Sprintf("%032x", len(s.activations)+1)
	s.activations[id] = map[string]any{
		"activationId": id, "name": name, "namespace": "guest", "duration": 12, "logs": []string{},
		"response": map[string]any{"status": status, "success": status == "success", "result": result},
	}
	switch {
	case s.Slow || r.URL.Query().Get("blocking") != "true":
		answer(w, http.StatusAccepted, map[string]any{"activationId": id})
	case status != "success":
		answer(w, http.StatusBadGateway, s.activations[id])
	default:
		answer(w, http.StatusOK, s.activations[id])
	}
}

// record answers for activations/ID and activations/ID/logs.
func (s *Stub) record(w http.ResponseWriter, name string) {
	id, logs := strings.CutSuffix(name, "/logs")
	activation, known := s.activations[id]
	if s.Late > 0 || !known {
		s.Late--
		fail(w, http.StatusNotFound, "The requested resource does not exist.")
		return
	}
	if logs {
		activation = map[string]any{"logs": []string{
			"2026-01-02T03:04:05.678901234Z stdout: called",
			"2026-01-02T03:04:05.678911234Z stderr: and done",
		}}
	}
	answer(w, http.StatusOK, activation)
}

// fail answers with an error, as the controller writes it.
func fail(w http.ResponseWriter, status int, message string) {
	answer(w, status, map[string]string{"error": message, "code": "tid_1"})
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a client that has gone needs no answer
}
