// Command action does what its argument says, to try the library with.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/openwhisk"
)

// inits counts how often package main's initialisers ran in this process.
var inits = func() int {
	if os.Getenv("FAIL_EARLY") != "" {
		fmt.Println("an initialiser fails")
		os.Exit(7)
	}
	return 1
}()

var together atomic.Int32

func main() {
	if os.Getenv("RETURN_EARLY") != "" {
		return
	}
	openwhisk.StartContext(run,
		openwhisk.OnInit(func(context.Context) error {
			if os.Getenv("FAIL_INIT") != "" {
				return errors.New("the action does not want to")
			}
			return nil
		}),
		openwhisk.OnShutdown(func(context.Context) { fmt.Println("shutting down") }))
}

type event struct {
	Do, ID, Name string
}

func run(ctx context.Context, raw json.RawMessage) (json.RawMessage, error) {
	var e event
	json.Unmarshal(raw, &e)
	switch e.Do {
	case "echo":
		return raw, nil
	case "error":
		return nil, errors.New("this is wrong")
	case "panic":
		panic("this is worse")
	case "invalid":
		return json.RawMessage(`{"cut":`), nil
	case "scalar":
		return json.RawMessage(`1`), nil
	case "nil":
		return nil, nil
	case "lines":
		return json.RawMessage("{\n\"a\":\n1\n}"), nil
	case "print":
		fmt.Print("half a line")
		fmt.Fprint(os.Stderr, "half an error")
	case "flood":
		for i := range 20000 {
			fmt.Println("line", i)
		}
	case "sleep":
		time.Sleep(20 * time.Millisecond)
	case "together":
		together.Add(1)
		for deadline := time.Now().Add(time.Minute); together.Load() < 2 && time.Now().Before(deadline); {
			time.Sleep(time.Millisecond)
		}
		return json.Marshal(map[string]bool{"met": together.Load() == 2})
	case "program":
		out, err := exec.Command("/bin/sh", "-c", "echo from a program").Output()
		if err != nil {
			return nil, err
		}
		return json.Marshal(map[string]string{"out": string(out)})
	case "context":
		id, known := openwhisk.ActivationID(ctx)
		namespace, _ := openwhisk.Namespace(ctx)
		action, _ := openwhisk.ActionName(ctx)
		deadline, _ := ctx.Deadline()
		return json.Marshal(map[string]any{"id": id, "known": known, "namespace": namespace, "action": action,
			"deadline": deadline.UnixMilli(), "ended": ctx.Err() != nil, "env": os.Getenv("GREETING"), "inits": inits})
	}
	return json.Marshal(map[string]string{"id": e.ID, "hello": e.Name})
}
