package rules

import (
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// overlapping is the setting of runs that may overlap.
var overlapping = testkit.Env("__OW_ALLOW_CONCURRENT=true")

// A streamed is an answer in chunks, or one of one piece.
type streamed struct {
	status                int
	header                http.Header
	whole                 bool // in one piece
	body, result, outcome string
	length                string // of a result that is too long for a trailer
	err                   error
}

// open sends a run that asks for a stream, and returns its answer with the body unread.
func (p *proxy) open(t *testing.T, value string) (*connection, *http.Response) {
	t.Helper()
	c := p.Dial()
	io.WriteString(c, streamRequest(value))
	response, err := http.ReadResponse(c.Reader, &http.Request{Method: "POST"})
	if err != nil {
		t.Fatal(err)
	}
	return c, response
}

// streamRequest is a run whose client takes chunks.
func streamRequest(value string) string {
	body := `{"value":` + value + `}`
	return "POST /run HTTP/1.1\r\nHost: action\r\nAccept: text/html, application/vnd.openwhisk.stream;q=0.9\r\nContent-Length: " + strconv.Itoa(len(body)) + "\r\n\r\n" + body
}

// rest reads what is left of an answer.
func rest(response *http.Response) (s streamed) {
	s.status, s.header, s.whole = response.StatusCode, response.Header, response.ContentLength >= 0
	b, err := io.ReadAll(response.Body)
	s.body, s.err = string(b), err
	s.result, s.outcome = response.Trailer.Get("OpenWhisk-Result"), response.Trailer.Get("OpenWhisk-Status")
	s.length = response.Trailer.Get("OpenWhisk-Result-Length")
	return s
}

// stream runs steps for a client that takes chunks.
func (p *proxy) stream(t *testing.T, steps ...step) streamed {
	t.Helper()
	_, response := p.open(t, doing("", steps...))
	return rest(response)
}

// A stream comes in chunks to who asks for that, and else as a member of the result, in one piece.
func TestStreams(t *testing.T) {
	t.Parallel()
	const plain = "text/plain; charset=utf-8"
	p := start(t, protocols["v2"]).ready(obey())
	for name, test := range map[string]struct {
		steps     []step
		status    int
		kind      string
		body      string
		result    string // of the trailer; "" where nothing was streamed
		outcome   string
		collected answer
	}{
		"nothing": {[]step{{"end", `{"a":1}`}}, 200, "application/json", `{"a":1}`, "", "", testkit.OK(`{"a":1}`)},
		"lines": {[]step{{"out", "one"}, {"out", ""}, {"out", "two ☃"}, {"end", `{"a":1}`}}, 200, plain, "one\n\ntwo ☃\n", `{"a":1}`, "ok",
			testkit.OK(`{"a":1,"headers":{"content-type":"text/plain; charset=utf-8"},"body":"one\n\ntwo ☃\n"}`)},
		"pieces": {[]step{{"put", "Hel"}, {"put", "lo"}, {"line", "put ID\nput ID \nout ID\n"}, {"end", `{}`}}, 200, plain, "Hello\n", `{}`, "ok",
			testkit.OK(`{"headers":{"content-type":"text/plain; charset=utf-8"},"body":"Hello\n"}`)},
		"a head": {[]step{{"head", `{"status":201,"headers":{"content-type":"text/event-stream","X-A":"b"}}`}, {"out", "data: 1"}, {"out", ""}, {"end", `{}`}},
			201, "text/event-stream", "data: 1\n\n", `{}`, "ok",
			testkit.OK(`{"statusCode":201,"headers":{"content-type":"text/event-stream","X-A":"b"},"body":"data: 1\n\n"}`)},
		"a head alone": {[]step{{"head", `{"status":404}`}, {"end", `{}`}}, 404, plain, "", `{}`, "ok",
			testkit.OK(`{"statusCode":404,"headers":{"content-type":"text/plain; charset=utf-8"},"body":""}`)},
		"bytes": {[]step{{"out64", encoded("\x00\xff\n")}, {"end", `{}`}}, 200, plain, "\x00\xff\n", `{}`, "ok",
			testkit.OK(`{"headers":{"content-type":"application/octet-stream"},"body":"AP8K"}`)},
		"in pieces of lines": {[]step{{"line", "more ID out one \nmore ID end {\"a\":\nmore ID log l\nout ID line\nlog ID og\nend ID 1}\n"}, {"silent"}}, 200, plain, "one line\n", `{"a":1}`, "ok",
			testkit.OK(`{"a":1,"headers":{"content-type":"text/plain; charset=utf-8"},"body":"one line\n"}`)},
		"an error":             {[]step{{"out", "one"}, {"end", `{"error":"no more"}`}}, 200, plain, "one\n", `{"error":"no more"}`, "error", testkit.OK(`{"error":"no more"}`)},
		"an array":             {[]step{{"out", "one"}, {"end", `[1]`}}, 200, plain, "one\n", `[1]`, "ok", testkit.OK(`[1]`)},
		"no result":            {[]step{{"out", "one"}, {"end", `1`}}, 200, plain, "one\n", `{"error":"` + noResult + `"}`, "error", testkit.Failed(502, noResult)},
		"no result, no stream": {[]step{{"end", `{"a`}}, 502, "application/json", `{"error":"` + noResult + `"}`, "", "", testkit.Failed(502, noResult)},
	} {
		t.Run(name, func(t *testing.T) {
			got := p.stream(t, test.steps...)
			if got.err != nil || got.status != test.status || got.header.Get("Content-Type") != test.kind || got.body != test.body || got.result != test.result || got.outcome != test.outcome || got.whole != (test.outcome == "") {
				t.Errorf("got %+v", got)
			}
			if got := p.do(test.steps...); got != test.collected {
				t.Errorf("collected: %s, want %s", got, test.collected)
			}
		})
	}
}

// Each stream is delivered as it comes: the client has the first piece while the action waits for it.
func TestStreams_AsTheyCome(t *testing.T) {
	t.Parallel()
	p := start(t, protocols["v2"]).ready(obey())
	taken := newGate(t)
	_, response := p.open(t, doing("", step{"out", "first"}, step{"await", taken.file}, step{"put", "second"}, step{"end", "{}"}))
	b := make([]byte, len("first\n"))
	if _, err := io.ReadFull(response.Body, b); err != nil || string(b) != "first\n" {
		t.Fatalf("got %q, %v", b, err)
	}
	taken.open()
	if got := rest(response); got.body != "second" || got.result != "{}" || got.err != nil {
		t.Errorf("got %+v", got)
	}
}

// A collected answer is at most as long as OW_STREAM_MAX says; its run is cancelled.
func TestStreams_TooLong(t *testing.T) {
	t.Parallel()
	p := start(t, protocols["v2"], testkit.Env("OW_STREAM_MAX=5000")).ready(obey())
	tooLong := testkit.OK(`{"error":"the stream is longer than OW_STREAM_MAX"}`)
	if got := p.do(step{"flow", "5"}, step{"cancelled"}); got != tooLong {
		t.Errorf("got %s", got)
	}
	if got := p.do(step{"flow", "4"}, step{"end", `{"a":"` + strings.Repeat("x", 1000) + `"}`}); got != tooLong {
		t.Errorf("with the result: %s", got)
	}
	if got := p.do(step{"put", strings.Repeat("x", 4900)}, step{"end", `{}`}); got.Status != 200 || len(got.Body) > 5000 || !strings.Contains(got.Body, "xxx") {
		t.Errorf("a little less: %.300s", got)
	}
	if got := p.stream(t, step{"flow", "64"}, step{"end", `{}`}); len(got.body) != 64<<10 || got.result != "{}" {
		t.Errorf("in chunks: %d bytes, %s", len(got.body), got.result)
	}
}

// A line that is none of the protocol's is one of the log, and no run notices.
func TestStreams_OtherLinesAreLog(t *testing.T) {
	t.Parallel()
	for _, together := range []bool{false, true} {
		code, settings := obey(), []setting{protocols["v2"]}
		if together {
			code, settings = obey(step{"concurrency", "4"}), append(settings, overlapping)
		}
		p := start(t, settings...).ready(code)
		for name, test := range map[string]struct {
			lines  string
			answer answer // the zero value is {"a":1}
			logs   []string
		}{
			"unknown id":          {lines: "out zz9 hello\nend ID {\"a\":1}\n", logs: []string{"out zz9 hello"}},
			"an end twice":        {lines: "end ID {\"a\":1}\nend ID {\"b\":2}\n", logs: []string{`{"b":2}`}},
			"out after end":       {lines: "end ID {\"a\":1}\nout ID late\n", logs: []string{"late"}},
			"bad base64":          {lines: "out64 ID ???\nend ID {\"a\":1}\n", logs: []string{"not base64"}},
			"head after out":      {lines: "out ID x\nhead ID {\"status\":404}\nend ID {\"a\":1,\"body\":\"mine\"}\n", answer: testkit.OK(`{"a":1,"body":"mine"}`), logs: []string{"the stream has begun", "dropped"}},
			"head twice":          {lines: "head ID {}\nhead ID {\"status\":404}\nend ID {\"error\":1}\n", answer: testkit.OK(`{"error":1}`), logs: []string{"the stream has begun"}},
			"a head that is none": {lines: "head ID {\"status\":99}\nend ID {\"a\":1}\n", logs: []string{"its status is not a number"}},
			"an unknown word":     {lines: "progress ID 10%\nend ID {\"a\":1}\n", logs: []string{"progress ", " 10%"}},
			"print":               {lines: "hello\nlog ID my own\n\nend ID {\"a\":1}\n", logs: []string{"hello", "my own"}},
			"no line end":         {lines: "10%end ID {\"a\":1}\n", logs: []string{"10%\n"}},
			"CR LF":               {lines: "log ID x\r\nend ID {\"a\":1}\r\n", logs: []string{"x\n"}},
			"a word alone":        {lines: "end\nend ID\nout\nmore ID nothing x\nend ID {\"a\":1}\n", logs: []string{"more ", " nothing x"}},
			"bytes":               {lines: "log ID \xff\xfe\nend ID {\"a\":1}\n"},
		} {
			t.Run(name, func(t *testing.T) {
				want := test.answer
				if want == (answer{}) {
					want = testkit.OK(`{"a":1}`)
				}
				if got := p.do(step{"line", test.lines}, step{"silent"}); got != want {
					t.Errorf("got %s, want %s", got, want)
				}
				for _, log := range test.logs {
					p.logged(log)
				}
				if got := p.do(); got.Status != 200 {
					t.Errorf("afterwards: %s", got)
				}
			})
		}
	}
}

// logged waits until a text is in the log.
func (p *proxy) logged(text string) {
	p.T.Helper()
	testkit.Await(p.T, "the log has "+text, func() bool { return p.Stdout.Holds(text) || p.Stderr.Holds(text) })
}
