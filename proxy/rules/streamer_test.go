package rules

import (
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// toSocket has streams go where parameters say, on this machine.
var toSocket = testkit.Env("OW_STREAM=socket", "OW_STREAM_HOSTS=10.0.0.0/8, 127.0.0.1,::1")

// streamingTo is a value with steps whose stream goes to an address.
func streamingTo(address string, steps ...step) string {
	host, port, _ := net.SplitHostPort(address)
	return `{"STREAM_HOST":"` + host + `","STREAM_PORT":"` + port + `",` + doing("", steps...)[1:]
}

// listen returns a listener that ends with the test.
func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// reader takes one connection and returns all that it brings.
func reader(l net.Listener) chan string {
	all := make(chan string, 1)
	go func() {
		c, err := l.Accept()
		if err != nil {
			all <- err.Error()
			return
		}
		defer c.Close()
		b, _ := io.ReadAll(c)
		all <- string(b)
	}()
	return all
}

// The streamer gets the stream, whose connection is closed in every case, and /run is answered with the result alone.
func TestStreamer(t *testing.T) {
	t.Parallel()
	eachBuild(t, func(t *testing.T, binary string) {
		p := several(t, 2, build(binary), toSocket)
		for _, test := range []struct {
			steps  []step
			stream string
			answer answer
		}{
			{[]step{{"head", `{"status":404}`}, {"out", "one"}, {"put", "two"}, {"end", `{"a":1}`}}, "one\ntwo", testkit.OK(`{"a":1}`)},
			{[]step{{"end", `{"a":1}`}}, "", testkit.OK(`{"a":1}`)},
			{[]step{{"out", "one"}, {"end", `1`}}, "one\n", testkit.Failed(502, noResult)},
			{[]step{{"flow", "5000"}, {"end", `{"a":1}`}}, strings.Repeat(strings.Repeat("x", 1023)+"\n", 5000), testkit.OK(`{"a":1}`)},
		} {
			l := listen(t)
			all := reader(l)
			got := p.Run(streamingTo(l.Addr().String(), test.steps...))
			if stream := <-all; stream != test.stream || got != test.answer {
				t.Errorf("%.100v: %.100q, %s", test.steps, stream, got)
			}
		}
		l := listen(t)
		all := reader(l)
		if got := p.Run(streamingTo(l.Addr().String(), step{"kill", "9"})); !isDead(got) || <-all != "" {
			t.Errorf("death: %s", got)
		}
	})
	p := start(t, protocols["v1"], toSocket).ready(obey()) // others have no stream, but the streamer waits for them too
	l := listen(t)
	all := reader(l)
	if got := p.Run(streamingTo(l.Addr().String())); got.Status != 200 || <-all != "" {
		t.Errorf("v1: %s", got)
	}
}

// Without OW_STREAM the parameters mean nothing.
func TestStreamer_Off(t *testing.T) {
	t.Parallel()
	p := start(t, protocols["v2"]).ready(obey())
	l := listen(t)
	if got, want := p.Run(streamingTo(l.Addr().String(), step{"out", "x"}, step{"end", "{}"})), `"body":"x\n"`; !strings.Contains(got.Body, want) {
		t.Errorf("got %s", got)
	}
	mine, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer mine.Close()
	if first, err := l.Accept(); err != nil || first.RemoteAddr().String() != mine.LocalAddr().String() {
		t.Errorf("the proxy has connected: %v", err)
	}
}

// A target that is none, or not allowed, is never connected to: the log says so, and the run is cancelled.
func TestStreamer_Refused(t *testing.T) {
	t.Parallel()
	p := several(t, 2, toSocket)
	_, own, _ := net.SplitHostPort(p.Address)
	for _, test := range []struct{ host, port, log string }{
		{`"localhost"`, `"5000"`, "it is not the text of an address"},
		{`"8.8.8.8"`, `"5000"`, "does not allow"},
		{`"169.254.169.254"`, `"5000"`, "does not allow"},
		{`"0.0.0.0"`, `"5000"`, "does not allow"},
		{`"::ffff:169.254.169.254"`, `"5000"`, "does not allow"},
		{`"64:ff9b::a9fe:a9fe"`, `"5000"`, "does not allow"},
		{`"[::1]"`, `"5000"`, "it is not the text of an address"},
		{`"fe80::1%eth0"`, `"5000"`, "it is not the text of an address"},
		{`"0x7f.1"`, `"5000"`, "it is not the text of an address"},
		{`"127.1"`, `"5000"`, "it is not the text of an address"},
		{`"010.0.0.1"`, `"5000"`, "it is not the text of an address"},
		{`"127.0.0.2"`, `"5000"`, "does not allow"},
		{`"127.0.0.1"`, strconv.Quote(own), "it is the proxy itself"},
		{`"127.0.0.1"`, `"0"`, "STREAM_PORT is not"},
		{`"127.0.0.1"`, `"80"`, "STREAM_PORT is not"},
		{`"127.0.0.1"`, `65536`, "STREAM_PORT is not"},
		{`"127.0.0.1"`, `"5000 "`, "STREAM_PORT is not"},
		{`"127.0.0.1"`, `null`, "STREAM_PORT is not"},
		{`2130706433`, `"5000"`, "it is not the text of an address"},
		{`null`, `"5000"`, "it is not the text of an address"},
		{`"127.0.0.1"`, `1` + own, ""}, // a port that nobody has, or that is none
	} {
		if test.log == "" {
			l := listen(t)
			_, test.port, _ = net.SplitHostPort(l.Addr().String()) // a number is fine
			l.Close()
			test.log = "connection refused"
		}
		before := strings.Count(p.Stdout.String(), test.log)
		got := p.Run(fmt.Sprintf(`{"STREAM_HOST":%s,"STREAM_PORT":%s,%s`, test.host, test.port, doing("", step{"out", "x"}, step{"cancelled"}, step{"out", "y"})[1:]))
		if !strings.Contains(got.Body, `"cancelled":true`) || strings.Contains(got.Body, `"body"`) {
			t.Errorf("%s:%s: %s", test.host, test.port, got)
		}
		testkit.Await(t, "the log says why: "+test.log, func() bool { return strings.Count(p.Stdout.String(), test.log) > before })
	}
}

// A streamer that hangs, stops reading or leaves costs its own run the stream, and no other anything.
func TestStreamer_Fails(t *testing.T) {
	t.Parallel()
	const forEver = "1000000000"
	for name, begin := range map[string]func(t *testing.T) (address, log string){
		"it hangs": func(t *testing.T) (string, string) { return deaf(t), "no connection within 2 s" },
		"it stops reading": func(t *testing.T) (string, string) {
			return listen(t).Addr().String(), "the reader of the stream"
		},
		"it leaves": func(t *testing.T) (string, string) {
			l := listen(t)
			go func() {
				if c, err := l.Accept(); err == nil {
					c.Read(make([]byte, 100))
					c.Close()
				}
			}()
			return l.Addr().String(), "the reader of the stream has left"
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := several(t, 2, toSocket)
			address, log := begin(t)
			c := p.Dial()
			c.Send("/run", `{"value":`+streamingTo(address, step{"out", "x"}, step{"flow", forEver}, step{"cancelled"})+`}`)
			if got := p.Run(doing("other")); checkOwn(got, "other") != nil {
				t.Errorf("the other: %s", got)
			}
			if got, err := c.Answer(); err != nil || !strings.Contains(got.Body, `"cancelled":true`) {
				t.Errorf("got %s, %v", got, err)
			}
			p.logged(log)
			if got := p.Run(doing("last")); checkOwn(got, "last") != nil {
				t.Errorf("afterwards: %s", got)
			}
		})
	}
}

// deaf is an address where connections are begun and never made: the queue of those is full.
func deaf(t *testing.T) string {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}})
	syscall.Listen(fd, 0)
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", name.(*syscall.SockaddrInet4).Port)
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return address
}

// Streams that go wherever a caller says need a list of where that may be.
func TestStreamer_Settings(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		variables []string
		says      string
	}{
		{[]string{"OW_STREAM=socket"}, "OW_STREAM=socket needs OW_STREAM_HOSTS"},
		{[]string{"OW_STREAM=chunked"}, `OW_STREAM="chunked": want socket`},
		{[]string{"OW_STREAM=socket", "OW_STREAM_HOSTS=streamer.svc"}, `OW_STREAM_HOSTS="streamer.svc": want addresses`},
		{[]string{"OW_STREAM_HOSTS=10.0.0.0/33"}, `OW_STREAM_HOSTS="10.0.0.0/33": want addresses`},
		{[]string{"OW_STREAM_MAX=0"}, `OW_STREAM_MAX="0": want a number of bytes`},
	} {
		p := launch(t, testkit.Env(test.variables...))
		if status := p.Status(); status != 1 {
			t.Errorf("%v: status %d", test.variables, status)
		}
		<-p.Stderr.Closed
		if got := p.Stderr.String(); !strings.Contains(got, test.says) || strings.Count(got, "\n") != 1 {
			t.Errorf("%v: %s", test.variables, got)
		}
	}
}
