package invoke

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// Answer is an answer of the container.
type Answer struct {
	Status int
	Body   []byte // of a stream the result, nil for one that is too long to follow it
	Took   time.Duration

	Streamed bool
	First    time.Duration // of a stream, until it began
	Left     string        // the bytes of a result that did not follow its stream
	failed   bool          // as the container says after the stream
}

// OK reports whether the platform would take the answer of an init for a success.
func (a Answer) OK() bool { return a.Status == http.StatusOK }

// RunError returns why the platform would take the answer of a run for a failure, or nil: another status than 200, a
// body that is neither an object nor an array, or an object with a member "error", whatever that is (openwhisk,
// ActivationResponse.processRunResponseContent).
func (a Answer) RunError() error {
	switch {
	case a.Streamed && a.failed:
		return fmt.Errorf("the action answered an error after its stream: %s", Message(a.Body))
	case a.Streamed: // the status is the stream's
		return nil
	case !a.OK():
		return fmt.Errorf("run answered %d: %s", a.Status, Message(a.Body))
	}
	body := bytes.TrimSpace(a.Body)
	switch {
	case len(body) == 0:
		return errors.New("run answered nothing, and the platform wants a JSON object or array")
	case !json.Valid(body) || body[0] != '{' && body[0] != '[':
		return fmt.Errorf("run answered neither a JSON object nor an array, which the platform wants: %s", Message(body))
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) == nil && members["error"] != nil {
		return fmt.Errorf("the action answered an error: %s", Message(body))
	}
	return nil
}

// longestMessage is the number of characters of an answer in an error.
const longestMessage = 300

// Message returns the error that an answer has, else its text, on one line of a bounded length.
func Message(body []byte) string {
	var members map[string]json.RawMessage
	text := string(body)
	if json.Unmarshal(body, &members) == nil && members["error"] != nil {
		text = string(members["error"])
		_ = json.Unmarshal(members["error"], &text) // an error that is not a string stays JSON
	}
	return human.Excerpt(text, longestMessage)
}
