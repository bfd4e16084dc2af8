package stemcells_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// example starts an example of each language, in a test of its own.
func example(t *testing.T, name string, try func(*testing.T, *session), env ...string) {
	t.Helper()
	for ending, l := range map[string]language{"sh": bash(), "rb": ruby(), "py": python()} {
		t.Run(ending, func(t *testing.T) {
			dir, _, _ := strings.Cut(l.launcher, "/")
			text, err := os.ReadFile(fmt.Sprintf("%s/examples/%s.%s", dir, name, ending))
			if err != nil {
				t.Fatal(err)
			}
			s := l.start(t, string(text), env...)
			try(t, s)
			s.end()
		})
	}
	t.Run("go", func(t *testing.T) { // its programs speak as launchers do
		program := language{launcher: testkit.Compile(t, "go/examples/"+name)}
		s := program.begin(t, t.TempDir(), "main", append(env, "__OW_PROXY_VERSION=test")...).ready()
		try(t, s)
		s.end()
	})
}

// streams makes a run and holds its stream and its result.
func streams(t *testing.T, s *session, value, result, stream string) {
	t.Helper()
	if got := s.run(value); !sameJSON(got, result) || s.stream != stream {
		t.Errorf("%s: got %s after %q, want %s after %q", value, got, s.stream, result, stream)
	}
}

func sameJSON(a, b string) bool {
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	return fmt.Sprint(x) == fmt.Sprint(y)
}

func TestCountdown(t *testing.T) {
	example(t, "countdown", func(t *testing.T, s *session) {
		streams(t, s, `{"from":3,"pause":0}`, `{"counted":3}`, "3\n2\n1\nlift-off\n")
		streams(t, s, `{"from":0}`, `{"counted":0}`, "lift-off\n")
	})
}

// Behind a proxy without streams the text of a function is in the log, and its result is what it was. In Go the library
// collects the stream (openwhisk, TestStreamIsCollected).
func TestCountdownWithoutStreams(t *testing.T) {
	example(t, "countdown", func(t *testing.T, s *session) {
		if !strings.HasSuffix(t.Name(), "/go") {
			s.expect([]run{{`{"from":2,"pause":0}`, s.run(`{"from":2,"pause":0}`), "2\n1\nlift-off\n"}})
		}
	}, actionLoop)
}

func TestEvents(t *testing.T) {
	example(t, "events", func(t *testing.T, s *session) {
		streams(t, s, `{"items":["a","b c"]}`, `{"events":2}`, "id: 1\ndata: {\"item\":\"a\"}\n\nid: 2\ndata: {\"item\":\"b c\"}\n\n")
		if head := strings.ToLower(s.head); head != `{"headers":{"content-type":"text/event-stream"}}` {
			t.Errorf("head %s", head)
		}
	})
}

func TestTokens(t *testing.T) {
	example(t, "tokens", func(t *testing.T, s *session) {
		streams(t, s, `{"prompt":"Mike"}`, `{"tokens":5}`, "Hello, Mike!\n")
	})
}

// A cancel ends a run that streams. The launcher answers it, and lives on.
func TestCancel(t *testing.T) {
	for name, env := range map[string][]string{"one by one": nil, "overlapping": {"__OW_ALLOW_CONCURRENT=true"}} {
		t.Run(name, func(t *testing.T) {
			example(t, "countdown", func(t *testing.T, s *session) {
				s.send(`run slow a1 - {"value":{"from":1000,"pause":100}}`)
				if got := s.result(); got != "out slow 1000" {
					t.Fatalf("got %q", got)
				}
				s.send("cancel slow")
				if got := s.until("slow"); got != `{"error":"the run was cancelled"}` || s.stream != "" {
					t.Errorf("got %s after %q", got, s.stream)
				}
				s.send("cancel slow") // is over
				s.send("cancel unknown")
				streams(t, s, `{"from":1,"pause":0}`, `{"counted":1}`, "1\nlift-off\n")
			}, env...)
		})
	}
}

// A cancel that meets a run in the middle of its lines leaves them whole.
func TestCancelInTheMiddleOfLines(t *testing.T) {
	s := bash().start(t, `main() { while :; do ow_out "$(printf '%01000d' 1)"; ow_put x; done; }`)
	for i := range 10 {
		id := fmt.Sprintf("r%d", i)
		s.send("run " + id + " a - {}")
		for range 10 * (i + 1) {
			s.result()
		}
		s.send("cancel " + id)
		if got := s.until(id); got != `{"error":"the run was cancelled"}` {
			t.Errorf("got %s", got)
		}
	}
	s.end()
}

// A run that was cancelled is called so, whatever signal ends it then: bash aborts itself where one meets it inside malloc.
func TestCancelledRunEndsByAnotherSignal(t *testing.T) {
	for name, env := range map[string][]string{"one by one": nil, "overlapping": {"__OW_ALLOW_CONCURRENT=true"}} {
		t.Run(name, func(t *testing.T) {
			s := bash().start(t, `main() {
  trap 'kill -ABRT "$BASHPID"' EXIT
  ow_out here
  [[ $1 != *stay* ]] || sleep 1000
}`, env...)
			s.send(`run r1 a - {"value":{"stay":true}}`)
			if got := s.result(); got != "out r1 here" {
				t.Fatalf("got %q", got)
			}
			s.send("cancel r1")
			if got := s.until("r1"); got != `{"error":"the run was cancelled"}` {
				t.Errorf("got %s", got)
			}
			s.send(`run r2 a - {}`)
			if got := s.until("r2"); got != `{"error":"main was ended by the signal ABRT"}` {
				t.Errorf("not cancelled: got %s", got)
			}
			s.end()
		})
	}
}

// gather is a service that answers nobody before n have asked.
func gather(t *testing.T, n int) (port int) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() })
	go func() {
		for here := []net.Conn{}; ; {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			if here = append(here, conn); len(here) < n {
				continue
			}
			for _, conn := range here {
				name, _ := bufio.NewReader(conn).ReadString('\n')
				fmt.Fprintf(conn, "hello %s", name)
				conn.Close()
			}
			here = nil
		}
	}()
	return listener.Addr().(*net.TCPAddr).Port
}

// Sixteen runs wait at the same time. Each has its own answer, its own activation, and its own log.
func TestOverlap(t *testing.T) {
	example(t, "service", func(t *testing.T, s *session) {
		inGo := strings.HasSuffix(t.Name(), "/go") // whose prints are no run's, and which leaves the limit to the platform
		if s.concurrency != 16 && !inGo {
			t.Fatalf("concurrency %d", s.concurrency)
		}
		port := gather(t, 16)
		for i := range 16 {
			s.send(fmt.Sprintf(`run r%02d a - {"activation_id":"a%02d","value":{"port":%d,"name":"n%02d"}}`, i, i, port, i))
		}
		logs, ends := map[string]string{}, map[string]string{}
		for len(ends) < 16 {
			word, rest, _ := strings.Cut(s.result(), " ")
			id, text, _ := strings.Cut(rest, " ")
			switch word {
			case "log":
				logs[id] += text
			case "end":
				ends[id] = text
			default:
				t.Fatalf("got %s %s", word, rest)
			}
		}
		for i := range 16 {
			number := fmt.Sprintf("%02d", i)
			end, log := ends["r"+number], logs["r"+number]
			if want := fmt.Sprintf(`{"answer":"hello n%s","activation":"a%s"}`, number, number); !sameJSON(end, want) || log != "asks for n"+number && !inGo {
				t.Errorf("got %s, logged %q, want %s", end, log, want)
			}
		}
	}, "__OW_ALLOW_CONCURRENT=true")
}

// Without the platform's word, one run comes at a time.
func TestOverlapIsThePlatformsToAllow(t *testing.T) {
	example(t, "service", func(t *testing.T, s *session) {
		if s.concurrency != 1 {
			t.Errorf("concurrency %d", s.concurrency)
		}
		value := fmt.Sprintf(`{"port":%d,"name":"Mike"}`, gather(t, 1))
		if got, want := s.run(value), `{"answer":"hello Mike","activation":"a1"}`; !sameJSON(got, want) {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

// Lines of runs that overlap stay whole, however long they are.
func TestLongLinesOfOverlappingRuns(t *testing.T) {
	const runs, lines, length = 8, 10, 5000
	for name, s := range map[string]*session{
		"bash": bash().start(t, `main() {
  for i in {1..10}; do ow_out "$(printf '%05000d' "$i")"; printf '%05000d\n' "$i" >&2; done
  printf '["%05000d"]' 1
}`, "__OW_ALLOW_CONCURRENT=true"),
		"ruby": ruby().start(t, `OW_CONCURRENCY = 8
def main(args, stream)
  1.upto(10) { |i| stream.puts format("%05000d", i); warn format("%05000d", i) }
  [format("%05000d", 1)]
end`, "__OW_ALLOW_CONCURRENT=true"),
		"python": python().start(t, `OW_CONCURRENCY = 8
def main(args, stream):
    for i in range(1, 11):
        print(f"{i:05000}", file=stream)
        print(f"{i:05000}")
    return [f"{1:05000}"]
`, "__OW_ALLOW_CONCURRENT=true"),
	} {
		t.Run(name, func(t *testing.T) {
			s.t = t
			for i := range runs {
				s.send(fmt.Sprintf(`run r%d a - {"value":{}}`, i))
			}
			more, counts := map[string]string{}, map[string]int{}
			for ended := 0; ended < runs; {
				word, rest, _ := strings.Cut(s.result(), " ")
				id, text, _ := strings.Cut(rest, " ")
				if word == "more" {
					as, piece, _ := strings.Cut(text, " ")
					more[as+id] += piece
					continue
				}
				text = more[word+id] + text
				delete(more, word+id)
				switch word {
				case "out", "put", "log":
					if strings.Trim(text, "0123456789") != "" || len(text) != 0 && len(text) != length {
						t.Fatalf("%s %s of %d bytes: %.100s", word, id, len(text), text)
					}
					if len(text) == length {
						counts[word+id]++
					}
				case "end":
					ended++
					if len(text) != length+4 || counts["out"+id]+counts["put"+id] != lines || counts["log"+id] != lines {
						t.Errorf("%s ends with %d bytes after %v", id, len(text), counts)
					}
				default:
					t.Fatalf("a line that is not whole: %s %.100s", word, rest)
				}
			}
			s.end()
		})
	}
}
