package openwhisk

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"runtime/debug"
)

// panicked is a run whose handler panicked.
type panicked struct{ value any }

func (p *panicked) Error() string { return fmt.Sprint("the action panicked: ", p.value) }

// invoke calls the handler. An error of it becomes the result {"error":"…"}; a panic is returned as *panicked, with its
// stack in the log. value is copied, for the handler may keep it.
func (p *program) invoke(body, value []byte) (result []byte, err error) {
	a := newActivation(body, p.env)
	defer a.end()
	defer func() {
		if v := recover(); v != nil {
			fmt.Fprintf(os.Stderr, "panic: %v\n\n%s", v, debug.Stack())
			result, err = nil, &panicked{v}
		}
	}()
	result, handlerErr := p.handler(a, bytes.Clone(value))
	if handlerErr != nil {
		return errorObject(handlerErr), nil
	}
	return result, nil
}

func errorObject(err error) []byte {
	text, _ := json.Marshal(map[string]string{"error": err.Error()}) // strings cannot fail
	return text
}
