// Command action does what its argument says, to try the library with.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/openwhisk"
)

// inits counts how often package main's initialisers ran in this process.
var inits = func() int {
	if os.Getenv("BEGIN") == "initialiser" {
		panic("an initialiser fails")
	}
	return 1
}()

var together atomic.Int32

func main() {
	fmt.Print(os.Getenv("SAY"))
	if os.Getenv("ONCE") == "wait in main" && again() {
		time.Sleep(time.Hour)
	}
	if begin(os.Getenv("BEGIN")) {
		return
	}
	openwhisk.StartContext(run,
		openwhisk.OnInit(func(context.Context) error {
			if os.Getenv("FAIL_INIT") != "" {
				return errors.New("the action does not want to")
			}
			begin(os.Getenv("ON_INIT"))
			switch once := os.Getenv("ONCE"); {
			case once == "error" && again():
				return errors.New("it is there already")
			case once == "panic" && again():
				panic("it is there already")
			case once == "wait" && again():
				time.Sleep(time.Hour)
			}
			return nil
		}),
		openwhisk.OnShutdown(func(context.Context) { fmt.Println("shutting down") }))
}

// again reports whether it was called before, in whatever process.
func again() bool {
	_, err := os.OpenFile("called", os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		fmt.Println("here again")
	}
	return err != nil
}

// begin is what goes wrong before the action is ready; it reports whether main is to return.
func begin(way string) bool {
	switch way {
	case "log.Fatal":
		log.Fatal("DB_URL is not set")
	case "exit 0":
		os.Exit(0)
	case "panic":
		panic("no database")
	case "return":
		return true
	case "die":
		fmt.Print("half a last word")
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		select {}
	case "exec":
		syscall.Exec("/bin/sh", []string{"sh", "-c", "echo another program; exit 4"}, os.Environ())
	case "exec and stay":
		syscall.Exec("/bin/sleep", []string{"sleep", "600"}, os.Environ())
	case "flood":
		for i := range 100_000 {
			fmt.Println("line", i)
		}
		log.Fatal("too much")
	case "wait":
		fmt.Println("waiting for a database")
		time.Sleep(time.Hour)
	case "a while":
		time.Sleep(500 * time.Millisecond)
	case "deadlock":
		select {}
	}
	return false
}

type event struct {
	Do, ID, Name string
	Names        []string
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
	case "noise":
		var both sync.WaitGroup
		for _, stream := range []io.Writer{os.Stdout, os.Stderr} {
			both.Go(func() {
				for i := range 500 {
					fmt.Fprintln(stream, "noise", i)
				}
				fmt.Fprint(stream, "half")
			})
		}
		both.Wait()
	case "collect": // what nobody holds any more is closed
		runtime.GC()
		runtime.GC()
		time.Sleep(time.Millisecond)
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
	case "setenv":
		defer func() {
			for _, name := range e.Names {
				os.Setenv(name, "of a handler")
			}
		}()
		fallthrough
	case "env":
		values := map[string]any{}
		for _, name := range e.Names {
			if value, set := os.LookupEnv(name); set {
				values[name] = value
			}
		}
		return json.Marshal(values)
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
