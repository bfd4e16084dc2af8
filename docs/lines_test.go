package docs_test

import (
	"strings"
	"syscall"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// A streamed is a run of version 2 whose client takes the stream.
type streamed struct {
	*testkit.Stream
	left bool
	want string // of the stream, so far
	head string
}

// playLinesBehindProxy plays a transcript of version 2 through a fresh proxy: a run becomes a request that takes its stream, and a
// cancel a client that leaves.
func playLinesBehindProxy(t *testing.T, e example, transcript []step) {
	s := startServer(t, built.proxy, append(e.env, "__OW_ALLOW_CONCURRENT=true")...)
	s.upload(e.path)
	runs := map[string]*streamed{}
	for _, step := range transcript {
		words := strings.SplitN(step.text, " ", 3)
		words = append(words, "", "")[:3]
		id, r := words[1], runs[words[1]]
		switch {
		case step.kind == '>' && words[0] == "run":
			runs[id] = &streamed{Stream: s.Stream(runBody(words[2]))}
		case step.kind == '>' && r != nil && !r.left:
			r.Leave()
			r.left = true
		case step.kind == '<' && words[0] == "out":
			r.want += words[2] + "\n"
			r.Await(r.want)
		case step.kind == '<' && words[0] == "head":
			r.head = words[2]
		case step.kind == '<' && words[0] == "end" && !r.left:
			if got := r.Result(); !sameJSON(got, words[2]) || r.Trailer != nil && r.Text() != r.want {
				t.Errorf("line %d: got %s after %q", step.line, got, r.Text())
			}
			if kind := r.Header.Get("Content-Type"); r.head != "" && !strings.Contains(r.head, `"`+kind+`"`) {
				t.Errorf("line %d: the type is %s, and the head is %s", step.line, kind, r.head)
			}
		case step.kind == '<' && words[0] == "log":
			logged(s, words[2])
		case step.kind == '<' && r == nil && !strings.HasPrefix(step.text, "{"):
			logged(s, step.text)
		case step.text == "end of input":
			s.Signal(syscall.SIGTERM)
			if status := s.Status(); status != 0 {
				t.Errorf("line %d: exit status %d", step.line, status)
			}
		}
	}
}

// runBody makes a request of the words ACTIVATION DEADLINE VALUE.
func runBody(words string) string {
	parts := strings.SplitN(words, " ", 3)
	if parts[0] == "-" {
		return `{"value":` + parts[2] + `}`
	}
	return `{"activation_id":"` + parts[0] + `","value":` + parts[2] + `}`
}

func logged(s server, line string) {
	s.T.Helper()
	testkit.Await(s.T, "the log line "+line, func() bool { return s.Stdout.HasLine(line) || s.Stderr.HasLine(line) })
}
