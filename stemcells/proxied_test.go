package stemcells_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// proxy is the program that the launchers are started by, as in an image.
var proxy string

func TestMain(m *testing.M) {
	testkit.Main(m, testkit.Program{File: &proxy, Source: "../proxy"})
}

// A served is a function behind a real proxy.
type served struct {
	*testkit.Server
	language string // the ending of its file
}

// serve starts a function behind a proxy.
func (l language) serve(t *testing.T, source string, env ...string) served {
	t.Helper()
	l.need(t)
	launcher, err := filepath.Abs(l.launcher)
	if err != nil {
		t.Fatal(err)
	}
	withoutHugePages()
	s := testkit.Start(t, proxy, testkit.Env(append(env, "OW_LAUNCHER="+launcher, "LANG=C.UTF-8", "HOME=/tmp")...))
	if got := s.Init(source); got != testkit.OK("OK") {
		t.Fatalf("init: %s\n%s", got, s.Stderr)
	}
	return served{s, filepath.Ext(l.file)}
}

// serveExample starts an example of each language behind a proxy, in a test of its own.
func serveExample(t *testing.T, name string, try func(*testing.T, served), env ...string) {
	t.Helper()
	for ending, l := range map[string]language{".sh": bash(), ".rb": ruby(), ".py": python()} {
		t.Run(ending[1:], func(t *testing.T) {
			dir, _, _ := strings.Cut(l.launcher, "/")
			text, err := os.ReadFile(fmt.Sprintf("%s/examples/%s%s", dir, name, ending))
			if err != nil {
				t.Fatal(err)
			}
			try(t, l.serve(t, string(text), env...))
		})
	}
	code, err := os.ReadFile(testkit.Compile(t, "go/examples/"+name))
	if err != nil {
		t.Fatal(err)
	}
	for way, more := range map[string]string{"go": "OW_PROTOCOL=auto", "go as a child": "OW_PROTOCOL=v2"} {
		t.Run(way, func(t *testing.T) {
			s := testkit.Start(t, proxy, testkit.Env(append(env, more)...))
			if got := s.Post("/init", testkit.InitBody(code, nil)); got != testkit.OK("OK") {
				t.Fatalf("init: %s\n%s", got, s.Stderr)
			}
			try(t, served{s, ".go"})
		})
	}
}

func (s served) stream(value string) *testkit.Stream {
	return s.Stream(`{"activation_id":"a1","value":` + value + `}`)
}

// A stream reaches whoever asks for one as it is made, OpenWhisk in one piece, and the client of a streamer.
func TestStreamsThreeWays(t *testing.T) {
	serveExample(t, "countdown", func(t *testing.T, s served) {
		chunked := s.stream(`{"from":3,"pause":0}`)
		if got := chunked.Result(); !sameJSON(got, `{"counted":3}`) || chunked.Text() != "3\n2\n1\nlift-off\n" || chunked.Trailer.Get("OpenWhisk-Status") != "ok" {
			t.Errorf("chunked: got %s after %q, %v", got, chunked.Text(), chunked.Trailer)
		}
		collected := s.Run(`{"from":2,"pause":0}`)
		if want := `{"counted":2,"headers":{"content-type":"text/plain; charset=utf-8"},"body":"2\n1\nlift-off\n"}`; collected.Status != 200 || !sameJSON(collected.Body, want) {
			t.Errorf("collected: got %s, want %s", collected, want)
		}
		streamer := testkit.StartStreamer(t, &s.Client)
		relayed := testkit.ReadStream(t, streamer.URL, `{"from":1,"pause":0}`, s.Log)
		relayed.Result()
		if got := strings.ReplaceAll(relayed.Text(), "\n\n", "\n"); got != "1\nlift-off\n" {
			t.Errorf("relayed: got %q", relayed.Text())
		}
		if got := <-streamer.Results; got.Status != 200 || !sameJSON(got.Body, `{"counted":1}`) {
			t.Errorf("relayed: got %s", got)
		}
	}, "OW_STREAM=socket", "OW_STREAM_HOSTS=127.0.0.1")
}

// Text is with the reader before the function goes on.
func TestStreamComesAsItIsMade(t *testing.T) {
	gate := filepath.Join(t.TempDir(), "gate")
	for name, s := range map[string]served{
		"bash": bash().serve(t, `main() { ow_out first; until [ -e `+gate+` ]; do sleep 0.01; done; ow_put second; echo '{}'; }`),
		"ruby": ruby().serve(t, `def main(args, stream)
  stream.puts "first"
  sleep 0.01 until File.exist?("`+gate+`")
  stream.write "second"
  {}
end`),
		"python": python().serve(t, `import os, time
def main(args, stream):
    stream.write("first\n")
    while not os.path.exists("`+gate+`"):
        time.sleep(0.01)
    stream.write("second")
    return {}
`),
	} {
		t.Run(name, func(t *testing.T) {
			defer os.Remove(gate)
			r := s.stream(`{}`)
			r.Await("first\n")
			if err := os.WriteFile(gate, nil, 0o644); err != nil {
				t.Fatal(err)
			}
			if got := r.Result(); got != "{}" || r.Text() != "first\nsecond" {
				t.Errorf("got %s after %q", got, r.Text())
			}
		})
	}
}

func TestEventsBehindProxy(t *testing.T) {
	serveExample(t, "events", func(t *testing.T, s served) {
		r := s.stream(`{"items":["a","b c"]}`)
		if got := r.Result(); !sameJSON(got, `{"events":2}`) || r.Text() != "id: 1\ndata: {\"item\":\"a\"}\n\nid: 2\ndata: {\"item\":\"b c\"}\n\n" {
			t.Errorf("got %s after %q", got, r.Text())
		}
		if kind := r.Header.Get("Content-Type"); kind != "text/event-stream" {
			t.Errorf("content-type %s", kind)
		}
	})
}

func TestTokensBehindProxy(t *testing.T) {
	serveExample(t, "tokens", func(t *testing.T, s served) {
		r := s.stream(`{"prompt":"Mike"}`)
		if got := r.Result(); !sameJSON(got, `{"tokens":5}`) || r.Text() != "Hello, Mike!\n" {
			t.Errorf("got %s after %q", got, r.Text())
		}
	})
}

// A reader that leaves ends the run, and the next one works.
func TestReaderLeaves(t *testing.T) {
	serveExample(t, "countdown", func(t *testing.T, s served) {
		r := s.stream(`{"from":100000,"pause":0.05}`)
		r.Await("100000\n99999\n")
		r.Leave()
		// One run at a time: this one waits for the end of the other.
		if got := s.Run(`{"from":1,"pause":0}`); got.Status != 200 || !strings.Contains(got.Body, `lift-off`) {
			t.Errorf("got %s\n%s", got, s.Log())
		}
	})
}

// Sixteen runs wait at the same time. Each has its own answer, its own activation and its own log.
func TestOverlapBehindProxy(t *testing.T) {
	serveExample(t, "service", func(t *testing.T, s served) {
		port := gather(t, 16)
		answers := make(chan string, 16)
		for i := range 16 {
			go func() {
				a, err := s.TryPost("/run", fmt.Sprintf(`{"activation_id":"a%02d","value":{"port":%d,"name":"n%02d"}}`, i, port, i))
				want := fmt.Sprintf(`{"answer":"hello n%02d","activation":"a%02d"}`, i, i)
				if err != nil || !sameJSON(a.Body, want) {
					answers <- fmt.Sprintf("got %s, %v, want %s", a, err, want)
					return
				}
				answers <- ""
			}()
		}
		for range 16 {
			if wrong := <-answers; wrong != "" {
				t.Errorf("%s\n%s", wrong, s.Log())
			}
		}
		for i := range 16 { // what a function in Go prints is no run's
			if block := fmt.Sprintf("asks for n%02d\n%s\n", i, testkit.Sentinel); s.language != ".go" {
				testkit.Await(t, "the log of a run", func() bool { return strings.Contains(s.Stdout.String(), block) })
			}
		}
	}, "__OW_ALLOW_CONCURRENT=true")
}
