//go:build linux

package whisk

import (
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
)

// A failure is an answer other than 200 (rule 3).
type failure struct {
	status int
	text   string
	// log is what goes to the log instead of into the answer.
	log string
	// sentinels end the log of a failed init where they are wanted (rule 34).
	sentinels bool
}

func answerError(r *http1.Request, status int, text string) {
	r.Answer(status, append(jsonscan.AppendQuoted([]byte(`{"error":`), text), '}'))
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
	textMismatch      = "Execution environment version mismatch. See logs for details."
)

// beforeInit is the answer to a run without an action.
func (p Protocol) beforeInit() failure {
	switch p {
	case V0:
		return failure{status: 502, text: textLocate, sentinels: true}
	case ActionLoop:
		return failure{status: 500, text: textNotDefined}
	}
	return failure{status: 502, text: textLocateSeed}
}

// noCode is the answer to an init that brings no code, where none is baked.
func (p Protocol) noCode() failure {
	if p == V0 {
		return failure{status: 502, text: textNoBinary, sentinels: true}
	}
	return failure{status: 403, text: textNoCode}
}

// badBase64 is the answer to code that cannot be decoded.
func (p Protocol) badBase64(err error) failure {
	if p == V0 {
		return failure{status: 502, text: textNoBinary, log: err.Error(), sentinels: true}
	}
	return failure{status: 400, text: "cannot decode the request: " + err.Error()}
}

// exited is the answer to a run whose process ended; before tells that it had
// ended earlier.
func (p Protocol) exited(reason string, before bool) failure {
	switch {
	case p == ActionLoop && before:
		return failure{status: 500, text: textCommandExited}
	case p == ActionLoop:
		return failure{status: 400, text: textCommandExited, log: "the action exited: " + reason}
	case before:
		return failure{status: 500, text: "the action exited: " + reason}
	}
	return failure{status: 502, text: "the action exited: " + reason}
}
