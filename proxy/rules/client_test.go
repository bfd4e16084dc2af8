package rules

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// do runs a value with steps for the action, and gives the answer.
func (p *proxy) do(steps ...step) answer {
	p.T.Helper()
	return p.Run(doing("", steps...))
}

// A step is something that testdata/action does: a word and its arguments.
type step []string

// doing is a value with an id and steps.
func doing(id string, steps ...step) string {
	b, _ := json.Marshal(map[string]any{"id": id, "do": steps})
	return string(b)
}

// obey is a script for testdata/action, with what it does before it is ready.
func obey(steps ...step) string {
	b, _ := json.Marshal(steps)
	return "#!" + binaries.action + " " + string(b) + "\n"
}

// encoded is the base64 of some bytes.
func encoded(b string) string { return base64.StdEncoding.EncodeToString([]byte(b)) }

// ready posts a text that has to be accepted.
func (p *proxy) ready(code string) *proxy {
	p.T.Helper()
	if got, want := p.Init(code), testkit.OK("OK"); got != want {
		p.T.Fatalf("init: %s\n%s", got, p.Stderr)
	}
	return p
}

// contains checks that a text names what it should.
func contains(t *testing.T, text string, wanted ...string) {
	t.Helper()
	for _, w := range wanted {
		if !strings.Contains(text, w) {
			t.Errorf("%q lacks %q", text, w)
		}
	}
}
