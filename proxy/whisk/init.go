//go:build linux

package whisk

import (
	"errors"
	"os"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/action"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
)

// init serves one /init. Those that come meanwhile wait for it: it may fail, and
// then the next may be good (rule 15).
func (s *Service) init(r *http1.Request, body *http1.Body) {
	s.initializing.Lock()
	defer s.initializing.Unlock()
	if failed := s.tryInit(body); failed != nil {
		s.fail(r, *failed)
		return
	}
	s.initialized = true
	r.Answer(200, []byte("OK"))
	s.Work() // runs that came while the action was put in its place
}

func (s *Service) tryInit(body *http1.Body) *failure {
	if s.isStopping() {
		return &failure{status: 503, text: "the action is shutting down"}
	}
	if s.initialized && !s.config.Reinit {
		return &failure{status: 403, text: textTwice, log: textTwice}
	}
	upload := &upload{folder: s.folder}
	defer upload.discard()
	request, err := readInit(body, upload.open)
	if err != nil {
		return s.refused(err)
	}
	started, failed := s.load(upload, request)
	if failed != nil {
		return failed
	}
	s.replace(started)
	return nil
}

// load places an upload and starts it.
func (s *Service) load(u *upload, request *initRequest) (native.Action, *failure) {
	if s.config.protocol() == ActionLoop && request.hasCode {
		return s.loadLoop(u, request)
	}
	executable, err := s.place(u, request)
	switch {
	case err != nil:
		return nil, s.refused(err)
	case executable == nil:
		f := s.config.protocol().noCode()
		return nil, &f
	}
	started, err := s.start(executable, request)
	s.folder.Settle(err == nil)
	if err != nil {
		return nil, s.notStarted(err)
	}
	return started, nil
}

// upload opens the file of an upload when its code begins.
type upload struct {
	folder *action.Folder
	*action.Upload
}

func (u *upload) open() (codeSink, error) {
	u.discard() // of a "code" that came before in the same request
	var err error
	if u.Upload, err = u.folder.Upload(); err != nil {
		return nil, err
	}
	return u.Upload, nil
}

func (u *upload) discard() {
	if u.Upload != nil {
		u.Upload.Discard()
		u.Upload = nil
	}
}

// place gives the upload in its place, or the baked action where none came, or
// nil where there is neither.
func (s *Service) place(u *upload, request *initRequest) (*action.Executable, error) {
	if !request.hasCode {
		return s.folder.Baked()
	}
	file, err := u.Close(request.binary)
	if err != nil {
		return nil, err
	}
	return s.folder.Place(file)
}

// refused is the answer to an init whose request or code is not accepted.
func (s *Service) refused(err error) *failure {
	var request *requestError
	var base64 *action.Base64Error
	var place *action.PlaceError
	var path *os.PathError
	switch {
	case errors.As(err, &request):
		return &failure{status: 400, text: "Error unmarshaling request: " + err.Error()}
	case errors.As(err, &base64):
		f := s.config.protocol().badBase64(err)
		return &f
	case errors.Is(err, action.ErrTooLarge):
		return &failure{status: 413, text: err.Error()}
	case errors.As(err, &place), errors.As(err, &path):
		return s.notStarted(err)
	}
	return &failure{status: 400, text: "Error reading request: " + err.Error()}
}

// notStarted is the answer to an init whose action cannot run here.
func (s *Service) notStarted(err error) *failure {
	switch s.config.protocol() {
	case V0:
		return &failure{status: 502, text: textNoBinary, log: err.Error(), sentinels: true}
	case ActionLoop:
		return s.loopNotStarted(err)
	}
	return &failure{status: 502, text: "cannot start action: " + err.Error()}
}

// environment is what the action's process gets (rules 18 and 19).
func (s *Service) environment(request *initRequest) []string {
	env := append([]string(nil), s.config.Env...)
	for _, v := range request.env {
		env = native.SetEnv(env, v[0], v[1])
	}
	return env
}

func (s *Service) start(e *action.Executable, request *initRequest) (native.Action, error) {
	program := native.Program{Path: e.Path, Args: e.Args, Dir: e.Dir, Env: s.environment(request)}
	program.Env = native.SetEnv(program.Env, "PWD", e.Dir)
	options := native.LoopOptions{ResultFd: s.config.ResultFd, Timeout: s.config.InitTimeout}
	switch s.config.protocol() {
	case V0:
		return native.NewV0(program, s.host), nil
	case ActionLoop:
		options.ResultFd, options.WholeLine = 3, true
		if s.config.WaitForAck {
			options.Greeting = native.Acknowledgement
		}
	default:
		if s.config.Handshake {
			options.Greeting = native.Handshake
		}
	}
	return native.StartLoop(program, options, s.host)
}

// replace puts an action in the place of the last one, when no run uses it.
func (s *Service) replace(next native.Action) {
	s.turn.Lock()
	s.overlap.Wait()
	last := s.action
	s.mu.Lock()
	s.action = next
	s.mu.Unlock()
	s.turn.Unlock()
	if last != nil {
		last.Stop(s.patience(s.config.Grace))
	}
}
