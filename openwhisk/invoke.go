package openwhisk

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
)

// panicked is a run whose handler panicked.
type panicked struct{ value any }

func (p *panicked) Error() string { return fmt.Sprint("the action panicked: ", p.value) }

// invoke runs the handler for a request whose whole text is body, empty where that is not known. A stream becomes part
// of the result.
func (p *program) invoke(body, value []byte) (result []byte, err error) {
	a := newActivation(body, p.env)
	result, err = p.call(a, value)
	if err == nil && a.finish != nil { // which programs without streams do not link
		result = a.finish(result)
	}
	return result, err
}

// call calls the handler. An error of it becomes the result {"error":"…"}; a panic is returned as *panicked, with its
// stack in the log. value is copied, for the handler may keep it.
func (p *program) call(a *activation, value []byte) (result []byte, err error) {
	defer a.end()
	defer func() {
		if v := recover(); v != nil {
			fmt.Fprintf(os.Stderr, "panic: %v\n\n%s", v, debug.Stack())
			result, err = nil, &panicked{v}
		}
	}()
	result, handlerErr := p.handler(a, bytes.Clone(value))
	switch {
	case errors.Is(handlerErr, context.Canceled) && a.wasStopped():
		return errorObject(errCancelled), nil
	case handlerErr != nil:
		return errorObject(handlerErr), nil
	}
	return result, nil
}

// errCancelled is the result of a run that ended because it was told to.
var errCancelled = errors.New("the run was cancelled")

func errorObject(err error) []byte {
	text, _ := json.Marshal(map[string]string{"error": err.Error()}) // strings cannot fail
	return text
}
