//go:build !linux

package openwhisk

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/variable"
)

// maxBody is OW_MAX_BODY's default.
const maxBody = 64 << 20

// http serves /init and /run with net/http: on a desk without Linux, no small server is needed. Its answers are those
// of the server in a container.
func (p *program) http() {
	port := os.Getenv("OW_PORT")
	if port == "" {
		port = "8080"
	}
	p.env = &variables{}
	s := &server{program: p}
	mux := http.NewServeMux()
	mux.HandleFunc("/init", s.post(s.init))
	mux.HandleFunc("/run", s.post(s.run))
	mux.HandleFunc("/", func(w http.ResponseWriter, _ *http.Request) {
		answerError(w, http.StatusNotFound, "not found: this is an OpenWhisk action, it answers POST /init and POST /run")
	})
	interrupted := make(chan os.Signal, 1)
	signal.Notify(interrupted, os.Interrupt)
	go func() {
		<-interrupted
		p.shutdown(8 * time.Second)
		os.Exit(0)
	}()
	fail(http.ListenAndServe(":"+port, mux).Error() + " (set OW_PORT)")
}

// handedOver reports whether a proxy started this program to take its place, as happens on Linux alone.
func handedOver() bool { return false }

type server struct {
	program     *program
	turn        sync.Mutex // held by the run that is under way
	initialized bool       // under turn
}

func (s *server) post(serve func(http.ResponseWriter, []byte)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost {
			answerError(w, http.StatusMethodNotAllowed, "method not allowed: send a POST")
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if err != nil {
			answerError(w, http.StatusRequestEntityTooLarge, err.Error())
			return
		}
		s.turn.Lock()
		defer s.turn.Unlock()
		serve(w, body)
	}
}

func (s *server) init(w http.ResponseWriter, body []byte) {
	var request struct {
		Value struct {
			Code string
			Env  map[string]json.RawMessage
		}
	}
	err := json.Unmarshal(body, &request)
	switch {
	case err != nil:
		answerError(w, http.StatusBadRequest, "Error unmarshaling request: "+err.Error())
		return
	case s.initialized:
		answerError(w, http.StatusForbidden, "Cannot initialize the action more than once.")
		return
	case request.Value.Code != "":
		answerError(w, http.StatusForbidden, "this program is the action itself and takes no code")
		return
	}
	for key, raw := range request.Value.Env {
		os.Setenv(key, variable.Value(raw))
	}
	if err := s.program.initialize(); err != nil {
		answerError(w, http.StatusBadGateway, "cannot start action: "+err.Error())
		return
	}
	s.initialized = true
	reply(w, http.StatusOK, []byte("OK"))
}

func (s *server) run(w http.ResponseWriter, body []byte) {
	var request struct{ Value json.RawMessage }
	if len(bytes.TrimSpace(body)) > 0 {
		if err := json.Unmarshal(body, &request); err != nil {
			answerError(w, http.StatusBadRequest, "Error unmarshaling request: "+err.Error())
			return
		}
	}
	switch jsonscan.Kind(request.Value) {
	case '{', '[':
	case 0, 'n':
		request.Value = []byte("{}")
	default:
		answerError(w, http.StatusNotFound, "The action did not receive a dictionary or array as an argument.")
		return
	}
	result, err := s.program.invoke(body, request.Value)
	kind := jsonscan.Kind(result)
	switch {
	case err != nil:
		answerError(w, http.StatusBadGateway, err.Error())
	case jsonscan.Check(result) != nil || kind != '{' && kind != '[':
		answerError(w, http.StatusBadGateway, "The action did not return a dictionary or array.")
	default:
		reply(w, http.StatusOK, result)
	}
}

func reply(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	w.Write(body)
}

func answerError(w http.ResponseWriter, status int, text string) {
	object, _ := json.Marshal(map[string]string{"error": text}) // strings cannot fail
	reply(w, status, object)
}
