//go:build linux

package whisk

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/action"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
)

// loadLoop places an upload as ActionLoop runtimes expect it, has it compiled
// where it is source, and starts it. Statuses and texts are those of the proxy
// that these runtimes come with (rules 14 and 20 to 22).
func (s *Service) loadLoop(u *upload, request *initRequest) (native.Action, *failure) {
	file, err := u.Close(request.binary)
	if err != nil {
		return nil, s.refused(err)
	}
	source, err := s.folder.Source(file, s.config.SaveJar)
	if err != nil {
		return nil, s.notGenerated(err.Error())
	}
	started, failed := s.compileAndStart(source, request)
	if failed != nil {
		os.RemoveAll(source.Root)
	}
	return started, failed
}

func (s *Service) compileAndStart(source *action.Source, request *initRequest) (native.Action, *failure) {
	if err := s.Compile(source, request.main, s.environment(request)); err != nil {
		return nil, s.notGenerated(err.Error())
	}
	if err := s.checkExecutionEnv(source.Bin); err != nil {
		return nil, s.loopNotStarted(err)
	}
	executable, err := s.folder.Checked(source)
	if err != nil {
		return nil, s.loopNotStarted(err)
	}
	started, err := s.start(executable, request)
	if err != nil {
		return nil, s.loopNotStarted(err)
	}
	return started, nil
}

// Compile makes source.Bin from source.Src: with the compiler of the image
// (OW_COMPILER), or by renaming where there is none or nothing to compile. main
// is the name of the function to call, "main" when empty.
func (s *Service) Compile(source *action.Source, main string, env []string) error {
	if s.config.Compiler == "" || source.Compiled() {
		return os.Rename(source.Src, source.Bin)
	}
	if err := os.Mkdir(source.Bin, 0o755); err != nil {
		return err
	}
	if main == "" {
		main = "main"
	}
	output, err := native.Compile(native.Program{
		Path: s.config.Compiler,
		Args: []string{main, source.Src, source.Bin},
		Env:  env,
	}, s.host)
	if len(output) > 0 {
		return errors.New(string(output))
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(source.Exec()); err != nil {
		return errors.New("cannot compile")
	}
	return nil
}

// errMismatch is an action that was compiled for another runtime image.
var errMismatch = errors.New(textMismatch)

// checkExecutionEnv compares OW_EXECUTION_ENV with the file exec.env that the
// compiler left beside the executable (rule 20).
func (s *Service) checkExecutionEnv(bin string) error {
	want := s.config.ExecutionEnv
	if want == "" {
		return nil
	}
	got, err := os.ReadFile(filepath.Join(bin, "exec.env"))
	if err == nil && string(bytes.TrimSpace(got)) == want {
		return nil
	}
	s.host.Logs.Line(native.Stdout, "Expected exec.env should start with "+want)
	s.host.Logs.Line(native.Stdout, "Actual value: "+string(bytes.TrimSpace(got)))
	return errMismatch
}

// notGenerated is the answer where there is nothing to start.
func (s *Service) notGenerated(text string) *failure {
	if s.config.LogInitError {
		return &failure{status: 502, text: textNoBinary, log: text, sentinels: true}
	}
	return &failure{status: 502, text: text}
}

// loopNotStarted is the answer where there is, but it did not start.
func (s *Service) loopNotStarted(err error) *failure {
	text := textCommandExited
	var start *native.StartError
	switch {
	case err == errMismatch:
		text = textMismatch
	case errors.As(err, &start) && !start.Exited:
		text = start.Reason
	case errors.As(err, &start) && s.config.WaitForAck:
		text = textAbrupt
	}
	f := &failure{status: 502, text: "cannot start action: " + text}
	if text != err.Error() {
		f.log = err.Error()
	}
	if s.config.LogInitError {
		f.text, f.log, f.sentinels = textCannotStart, err.Error(), true
	}
	return f
}
