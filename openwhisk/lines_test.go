//go:build linux

package openwhisk_test

import (
	"bufio"
	"io"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// A child is a program that speaks version 2 of the native protocol on pipes.
type child struct {
	t     *testing.T
	in    io.WriteCloser
	lines *bufio.Scanner
	cmd   *exec.Cmd
}

func startChild(t *testing.T, program string, env ...string) *child {
	t.Helper()
	c := &child{t: t, cmd: exec.Command(program)}
	c.cmd.Env = append(env, "__OW_PROXY_VERSION=test", "__OW_NATIVE_PROTOCOL=2")
	var err error
	if c.in, err = c.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	guard := time.AfterFunc(testkit.Patience, func() { _ = c.cmd.Process.Kill() })
	t.Cleanup(func() {
		guard.Stop()
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
	})
	c.lines = bufio.NewScanner(out)
	return c
}

// play sends lines that begin with ">", and expects those that begin with "<".
func (c *child) play(transcript string) {
	c.t.Helper()
	for _, line := range strings.Split(transcript, "\n") {
		switch text := line[2:]; line[0] {
		case '>':
			if _, err := io.WriteString(c.in, text+"\n"); err != nil {
				c.t.Fatal(err)
			}
		case '<':
			if !c.lines.Scan() || c.lines.Text() != text {
				c.t.Fatalf("got %q, want %q", c.lines.Text(), text)
			}
		}
	}
}

// end closes the input: the program ends by itself, and says no more.
func (c *child) end() {
	c.t.Helper()
	c.in.Close()
	if c.lines.Scan() {
		c.t.Errorf("a surplus line: %q", c.lines.Text())
	}
	if err := c.cmd.Wait(); err != nil {
		c.t.Error(err)
	}
}

func TestChildStreams(t *testing.T) {
	c := startChild(t, example(t, "countdown"))
	c.play(`< {"openwhisk":2,"concurrency":1,"request":true}
> run a1 abc 4102444800000 {"value":{"from":2,"pause":0},"activation_id":"abc"}
< out a1 2
< out a1 1
< out a1 lift-off
< end a1 {"counted":2}
> cancel a1
> cancel zz
> nonsense
> run a2 - - {"value":{"from":5,"pause":900}}
< out a2 5
> cancel a2
< end a2 {"error":"the run was cancelled"}
> run a3 - - {"value":[]}
< end a3 {"error":"the argument does not fit: it is of JSON type array and has to be decoded into Go type main.Event"}
> run a4 - - {}
< out a4 10
> cancel a4
< end a4 {"error":"the run was cancelled"}`)
	c.end()
}

// Runs overlap where the platform allows it. Each has its own lines.
func TestChildOverlaps(t *testing.T) {
	c := startChild(t, example(t, "countdown"), "__OW_ALLOW_CONCURRENT=true")
	c.play(`< {"openwhisk":2,"concurrency":500,"request":true}
> run a1 - - {"value":{"from":3,"pause":900}}
< out a1 3
> run b2 - - {"value":{"from":1,"pause":0}}
< out b2 1
< out b2 lift-off
< end b2 {"counted":1}
> cancel a1
< end a1 {"error":"the run was cancelled"}`)
	c.end()
}

// A piece stays one line: text of more lines, or with a CR, is sent as base64.
func TestChildKeepsPieces(t *testing.T) {
	c := startChild(t, example(t, "events"))
	c.play(`< {"openwhisk":2,"concurrency":1,"request":true}
> run a1 - - {"value":{"items":[1]}}
< head a1 {"headers":{"Content-Type":"text/event-stream"}}
< out64 a1 aWQ6IDEKZGF0YTogeyJpdGVtIjoxfQoK
< end a1 {"events":1}`)
	c.end()
	c = startChild(t, example(t, "tokens"))
	c.play(`< {"openwhisk":2,"concurrency":1,"request":true}
> run a1 - - {"value":{"prompt":"a\rb"}}
< put a1 Hello
< put a1 ,
< out64 a1 IGENYg==
< put a1 !
< out a1 
< end a1 {"tokens":5}`)
	c.end()
}
