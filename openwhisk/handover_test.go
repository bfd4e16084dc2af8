//go:build linux

package openwhisk_test

import (
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// A client is one connection.
type client struct {
	*testkit.Connection
	t testing.TB
}

func dial(s *server) *client {
	s.T.Helper()
	return &client{s.Dial(), s.T}
}

func (c *client) send(text string) {
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Error(err)
	}
}

// answer returns the next answer, as status and body.
func (c *client) answer() string {
	answer, err := c.Answer()
	if err != nil {
		c.t.Error("no answer: ", err)
	}
	return answer.Text()
}

func run(id string) string {
	body := `{"value":{"id":"` + id + `"}}`
	return "POST /run HTTP/1.1\r\nHost: x\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

func answered(id string) string { return `200 {"hello":"","id":"` + id + `"}` }

// Whatever state a connection is in while the proxy is replaced, its requests are
// answered: idle, in the middle of a header, of a body, of chunks, with a second
// request behind the first, with a second /init.
func TestNothingIsLostInAReplacement(t *testing.T) {
	times := 5
	if s := os.Getenv("REPLACEMENTS"); s != "" {
		times, _ = strconv.Atoi(s)
	}
	eachBuild(t, func(t *testing.T, action string) {
		init := upload(t, action, "null")
		for range times {
			replace(t, init)
		}
	})
}

func replace(t *testing.T, init string) {
	s := start(t, built.proxy)
	var idle []*client
	for i := range 20 {
		c := dial(s)
		c.send(run(strconv.Itoa(i)))
		if got := c.answer(); got != `502 {"error":"the action failed to locate a binary"}` {
			t.Fatal("before init: ", got)
		}
		idle = append(idle, c)
	}
	head, body, chunked, trailer := dial(s), dial(s), dial(s), dial(s)
	request := run("head")
	head.send(request[:20])
	body.send(run("body")[:len(run("body"))-5])
	chunked.send("POST /run HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n9\r\n{\"value\":\r\n1")
	trailer.send("POST /run HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\nx: y")
	second := dial(s)
	first := dial(s)
	first.Send("/init", init)
	second.Send("/init", `{"value":{}}`)
	if got := first.answer(); got != "200 OK" {
		t.Fatal("init: ", got)
	}
	var group sync.WaitGroup
	group.Go(func() { // as the invoker does, at once and on a connection of its own
		c := dial(s)
		c.send(run("new"))
		if got := c.answer(); got != answered("new") {
			t.Error("a run right after init: ", got)
		}
	})
	first.send(run("same") + run("next"))
	head.send(request[20:])
	body.send(run("body")[len(run("body"))-5:])
	chunked.send("2\r\n{\"id\":\"chunk\"}}   \r\n0\r\n\r\n")
	trailer.send("\r\n\r\n")
	for i, c := range idle {
		c.send(run(strconv.Itoa(i)))
	}
	for _, test := range []struct {
		c    *client
		want string
	}{{first, answered("same")}, {first, answered("next")}, {head, answered("head")}, {body, answered("body")}, {chunked, answered("chunk")}, {trailer, answered("")}} {
		if got := test.c.answer(); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
	if got := second.answer(); !strings.HasPrefix(got, "403 ") && !strings.HasPrefix(got, "400 ") {
		t.Error("a second init: ", got)
	}
	for i, c := range idle {
		if got := c.answer(); got != answered(strconv.Itoa(i)) {
			t.Errorf("idle connection %d: %s", i, got)
		}
	}
	group.Wait()
	s.unraced()
	s.End()
}
