//go:build linux

package whisk

import (
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
)

// A Failure is an answer other than 200 (rule 3).
type Failure struct {
	Status int
	Text   string // the answer's "error"
	Log    string // goes to the log
	// Sentinels end the log of a failed init where they are wanted (rule 34).
	Sentinels bool
}

//go:noinline
func answerError(r *http1.Request, status int, text string) {
	r.Answer(status, errorBody(text))
}

func errorBody(text string) []byte {
	return append(jsonscan.AppendQuoted([]byte(`{"error":`), text), '}')
}

// Texts that the platform's tests and users know from the existing proxies.
const (
	textTwice         = "Cannot initialize the action more than once."
	textNoCode        = "Missing main/no code to execute."
	textNoBinary      = "The action failed to generate or locate a binary. See logs for details."
	textLocate        = "The action failed to locate a binary. See logs for details."
	textLocateSeed    = "the action failed to locate a binary"
	textNotDefined    = "no action defined yet"
	textNoArgument    = "The action did not receive a dictionary or array as an argument."
	textNoResult      = "The action did not return a dictionary or array."
	textCommandExited = "command exited"
	textCannotStart   = "Cannot start action. Check logs for details."
	textAbrupt        = "Command exited abruptly during initialization."
	textStopping      = "the action is shutting down"
	textMismatch      = "Execution environment version mismatch. See logs for details."
)

// beforeInit returns the answer to a run without an action.
//
//go:noinline
func (p Protocol) beforeInit() Failure {
	switch p {
	case V0:
		return Failure{Status: 502, Text: textLocate, Sentinels: true}
	case ActionLoop:
		return Failure{Status: 500, Text: textNotDefined}
	}
	return Failure{Status: 502, Text: textLocateSeed}
}

// noCode returns the answer to an init that brings no code, where none is baked.
func (p Protocol) noCode() Failure {
	if p == V0 {
		return Failure{Status: 502, Text: textNoBinary, Sentinels: true}
	}
	return Failure{Status: 403, Text: textNoCode}
}

// badBase64 returns the answer to code that cannot be decoded.
func (p Protocol) badBase64(err error) Failure {
	if p == V0 {
		return Failure{Status: 502, Text: textNoBinary, Log: err.Error(), Sentinels: true}
	}
	return Failure{Status: 400, Text: "cannot decode the request: " + err.Error()}
}

// exited returns the answer to a run whose process ended; before tells that it had ended earlier.
func (p Protocol) exited(reason string, before bool) Failure {
	switch {
	case p == ActionLoop && before:
		return Failure{Status: 500, Text: textCommandExited}
	case p == ActionLoop:
		return Failure{Status: 400, Text: textCommandExited}
	case before:
		return Failure{Status: 500, Text: "the action exited: " + reason}
	}
	return Failure{Status: 502, Text: "the action exited: " + reason}
}
