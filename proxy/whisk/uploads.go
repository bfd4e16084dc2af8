//go:build linux

package whisk

import (
	"errors"
	"strconv"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/action"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/variable"
)

// Uploads is the proxy's Loader: it starts the action that an /init uploads, or the baked one when it uploads nothing.
type Uploads struct {
	config Config
	host   *native.Host
	folder *action.Folder
}

// NewUploads returns a loader that places actions in the configured folder.
func NewUploads(config Config, host *native.Host) *Uploads {
	return &Uploads{
		config: config,
		host:   host,
		folder: &action.Folder{
			Dir: config.ActionDir, Limits: config.Limits, Env: config.Env,
			Launchers: config.Launchers, Beside: config.protocol() == V0,
		},
	}
}

// Load implements Loader.
func (u *Uploads) Load(body Pieces, begin func() *Failure) (native.Action, *Failure) {
	code := &upload{folder: u.folder}
	defer code.discard()
	request, err := ReadInit(body, code.open)
	if u.config.protocol() == V0 && isMalformed(err) {
		code.discard()
		request, err = &Init{}, skip(body) // as dockerskeleton has it
	}
	if err != nil {
		return nil, u.refused(err)
	}
	if failed := begin(); failed != nil {
		return nil, failed
	}
	u.folder.Env = u.environment(request)
	return u.load(code, request)
}

// Baked implements Loader.
func (u *Uploads) Baked() native.Action {
	executable, err := u.folder.Baked()
	if executable == nil || err != nil {
		return nil
	}
	started, err := u.start(executable, &Init{})
	if err != nil {
		return nil
	}
	return started
}

// load places an upload and starts it.
func (u *Uploads) load(code *upload, request *Init) (native.Action, *Failure) {
	if u.config.protocol() == ActionLoop && request.HasCode {
		return u.loadLoop(code, request)
	}
	executable, err := u.place(code, request)
	switch {
	case err != nil:
		return nil, u.refused(err)
	case executable == nil:
		f := u.config.protocol().noCode()
		return nil, &f
	}
	started, err := u.start(executable, request)
	u.folder.Settle(err == nil)
	if err != nil {
		return nil, u.notStarted(err)
	}
	return started, nil
}

// upload opens the file of an upload when its code begins.
type upload struct {
	folder *action.Folder
	*action.Upload
}

func (u *upload) open() (CodeSink, error) {
	u.discard() // of a "code" that came before in the same request
	var err error
	if u.Upload, err = u.folder.Upload(); err != nil {
		return nil, err
	}
	return u.Upload, nil
}

//go:noinline
func (u *upload) discard() {
	if u.Upload != nil {
		u.Upload.Discard()
		u.Upload = nil
	}
}

// place puts an upload in its place and returns it, or the baked action where none came, or nil where there is neither.
func (u *Uploads) place(code *upload, request *Init) (*action.Executable, error) {
	if !request.HasCode {
		return u.folder.Baked()
	}
	file, err := code.Close(request.Binary)
	if err != nil {
		return nil, err
	}
	return u.folder.Place(file)
}

// refused returns the answer to an init whose request or code is not accepted. The proxy wraps no errors, for errors.As
// would add 28 KB.
func (u *Uploads) refused(err error) *Failure {
	if err == action.ErrTooLarge {
		return &Failure{Status: 413, Text: err.Error(), Sentinels: u.config.protocol() == V0}
	}
	switch err.(type) {
	case *requestError:
		return &Failure{Status: 400, Text: "Error unmarshaling request: " + err.Error(), Sentinels: u.config.protocol() == V0}
	case *action.Base64Error:
		f := u.config.protocol().badBase64(err)
		return &f
	case *code.Refusal:
		return u.notStarted(err)
	}
	return &Failure{Status: 400, Text: "Error reading request: " + err.Error()}
}

// notStarted returns the answer to an init whose action cannot run here.
func (u *Uploads) notStarted(err error) *Failure {
	switch u.config.protocol() {
	case V0:
		return &Failure{Status: 502, Text: textNoBinary, Log: err.Error(), Sentinels: true}
	case ActionLoop:
		return u.loopNotStarted(err)
	}
	f := &Failure{Status: 502, Text: "cannot start action: " + err.Error()}
	if u.config.LogInitError {
		f.Log, f.Sentinels = err.Error(), true
	}
	return f
}

// environment returns the variables that the action's process gets (rules 18 and 19).
//
//go:noinline
func (u *Uploads) environment(request *Init) []string {
	return variable.With(u.config.Env, request.Env)
}

func (u *Uploads) start(e *action.Executable, request *Init) (native.Action, error) {
	program := native.Program{Path: e.Path, Args: e.Args, Dir: e.Dir, Env: u.environment(request)}
	program.Env = variable.With(program.Env, [][2]string{{"PWD", e.Dir}})
	if e.Launcher != nil {
		return u.launch(e.Launcher, program, request)
	}
	switch takesOver := u.takesOver(e.Path); {
	case takesOver:
		return native.NewReplacement(program, u.config.startLimit(Exec, request.Env), u.host)
	case u.config.Protocol == Exec:
		return nil, errNoLibrary
	}
	protocol := u.config.protocol()
	options := native.LoopOptions{
		ResultFd: u.config.ResultFd, Timeout: u.config.startLimit(protocol, request.Env),
		Least: 1, Most: 1, Overlap: u.config.Concurrent,
	}
	switch protocol {
	case V0:
		return native.NewV0(program, u.config.Concurrent, u.host), nil
	case ActionLoop:
		options.ResultFd, options.WholeLine = 3, true
		if u.acknowledges(request) {
			options.Greeting, options.Most = native.Acknowledgement, 2
		}
	default:
		if u.config.Handshake {
			options.Greeting = native.Handshake
			if u.config.Protocol != V1 {
				options.Most = 2
			}
			if u.config.Protocol == V2 {
				options.Least = 2
			}
		}
	}
	return u.startLoop(program, options)
}

// acknowledges reports whether an ActionLoop program is told to acknowledge that it is ready: by the image, or by
// init's env, whose acknowledgement would else be taken for the first result.
func (u *Uploads) acknowledges(request *Init) bool {
	told := u.config.WaitForAck
	for _, v := range request.Env {
		told = told || v[0] == "__OW_WAIT_FOR_ACK" && v[1] != ""
	}
	return told
}

// errNoLibrary is a program that cannot serve requests itself.
var errNoLibrary = errors.New("the program does not link the library openwhisk, as OW_PROTOCOL=exec asks (OW_PROTOCOL=auto also takes others)")

// takesOver reports whether a program is to take this process's place.
func (u *Uploads) takesOver(path string) bool {
	switch u.config.Protocol {
	case Auto:
		return u.config.protocol() == V1 && action.LinksLibrary(path)
	case Exec:
		return action.LinksLibrary(path)
	}
	return false
}

// launch starts a launcher with its source and the name of the function to call.
func (u *Uploads) launch(l *code.Launcher, program native.Program, request *Init) (native.Action, error) {
	program.Args = append(program.Args, u.function(request))
	options := native.LoopOptions{
		ResultFd: 1, Timeout: u.config.startLimit(V1, request.Env), Greeting: native.Handshake,
		Least: 1, Most: 2, Overlap: u.config.Concurrent,
	}
	switch l.Protocol {
	case "v0":
		return native.NewV0(program, u.config.Concurrent, u.host), nil
	case "actionloop":
		options.ResultFd, options.WholeLine, options.Greeting = 3, true, native.Acknowledgement
		options.Timeout = u.config.startLimit(ActionLoop, request.Env)
		program.Env = variable.With(program.Env, [][2]string{{"__OW_WAIT_FOR_ACK", "1"}})
	}
	return u.startLoop(program, options)
}

// startLoop starts a long-lived child, and tells it which version of the native protocol it may speak.
func (u *Uploads) startLoop(p native.Program, o native.LoopOptions) (native.Action, error) {
	if u.config.Workers > 1 && u.config.Concurrent {
		o.Workers, o.Most = u.config.Workers, 1
	}
	p.Env = variable.With(p.Env, [][2]string{{"__OW_NATIVE_PROTOCOL", strconv.Itoa(o.Most)}})
	return native.StartLoop(p, o, u.host)
}

// function returns the name of the function to call. The platform names main where the user named none, so that another
// one that the image says is right for its own function then (OW_MAIN).
func (u *Uploads) function(request *Init) string {
	const usual = "main"
	name := request.Main
	if name == "" {
		name = usual
	}
	if name == usual && !request.HasCode && u.config.Main != "" {
		name = u.config.Main
	}
	return name
}
