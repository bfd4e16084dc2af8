//go:build linux

package whisk

import (
	"bytes"
	"errors"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/action"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
)

// loadLoop places an upload as ActionLoop runtimes expect it, has it compiled where it is source, and starts it.
// Statuses and texts are those of the proxy that these runtimes come with (rules 14 and 20 to 22).
func (u *Uploads) loadLoop(code *upload, request *Init) (native.Action, *Failure) {
	file, err := code.Close(request.Binary)
	if err != nil {
		return nil, u.refused(err)
	}
	source, err := u.folder.Source(file, u.config.SaveJar)
	if err != nil {
		return nil, u.notGenerated(err.Error())
	}
	started, failed := u.compileAndStart(source, request)
	if failed != nil {
		source.Remove()
	}
	return started, failed
}

func (u *Uploads) compileAndStart(source *action.Source, request *Init) (native.Action, *Failure) {
	if err := u.Compile(source, request.Main, u.environment(request)); err != nil {
		return nil, u.notGenerated(err.Error())
	}
	if err := u.checkExecutionEnv(source); err != nil {
		return nil, u.loopNotStarted(err)
	}
	executable, err := u.folder.Checked(source)
	if err != nil {
		return nil, u.loopNotStarted(err)
	}
	started, err := u.start(executable, request)
	if err != nil {
		return nil, u.loopNotStarted(err)
	}
	return started, nil
}

// Compile makes source.Bin from source.Src: with the compiler of the image (OW_COMPILER), or by renaming where there is
// none or nothing to compile. main is the name of the function to call, "main" when empty.
func (u *Uploads) Compile(source *action.Source, main string, env []string) error {
	if u.config.Compiler == "" || source.Compiled() {
		return source.AsItIs()
	}
	compiler := action.LookPath(u.config.Env, u.config.Compiler)
	if compiler == "" {
		return errors.New("OW_COMPILER=" + u.config.Compiler + ": no folder of PATH has this program")
	}
	if err := source.MakeBin(); err != nil {
		return err
	}
	if main == "" {
		main = "main"
	}
	output, err := native.Compile(native.Program{
		Path: compiler,
		Args: []string{main, source.Src, source.Bin},
		Env:  env,
	}, u.host)
	if len(output) > 0 {
		return errors.New(string(output))
	}
	if err != nil {
		return err
	}
	if !source.Built() {
		return errors.New("cannot compile")
	}
	return nil
}

// errMismatch is an action that was compiled for another runtime image.
var errMismatch = errors.New("the action was compiled for another runtime image")

// checkExecutionEnv compares OW_EXECUTION_ENV with the file exec.env that the compiler left beside the executable (rule
// 20).
func (u *Uploads) checkExecutionEnv(source *action.Source) error {
	want := u.config.ExecutionEnv
	if want == "" {
		return nil
	}
	got := string(bytes.TrimSpace(source.ExecutionEnv()))
	if got == want {
		return nil
	}
	u.host.Logs.Line(native.Stdout, "Expected exec.env should start with "+want)
	u.host.Logs.Line(native.Stdout, "Actual value: "+got)
	return errMismatch
}

// notGenerated returns the answer where there is nothing to start.
func (u *Uploads) notGenerated(text string) *Failure {
	if u.config.LogInitError {
		return &Failure{Status: 502, Text: textNoBinary, Log: text, Sentinels: true}
	}
	return &Failure{Status: 502, Text: text}
}

// loopNotStarted returns the answer where there is, but it did not start.
func (u *Uploads) loopNotStarted(err error) *Failure {
	text := textCommandExited
	start, started := err.(*native.StartError)
	switch {
	case err == errMismatch:
		text = textMismatch
	case started && !start.Exited:
		text = start.Reason
	case started && u.config.WaitForAck:
		text = textAbrupt
	}
	f := &Failure{Status: 502, Text: "cannot start action: " + text}
	if text != err.Error() {
		f.Log = err.Error()
	}
	if u.config.LogInitError {
		if text != textCommandExited || started {
			f.Log = text // existing proxies say no more
		}
		f.Text, f.Sentinels = textCannotStart, true
	}
	return f
}
