package docs_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
)

// A step is one line of a transcript, told by its first character:
//
//	> what the action reads    < its result (or handshake)    * a line of its log    . an event
type step struct {
	kind byte
	text string
	line int // in the page
}

func steps(t *testing.T, b block) []step {
	t.Helper()
	var all []step
	for i, line := range strings.Split(strings.TrimRight(b.text, "\n"), "\n") {
		if len(line) < 3 || !strings.ContainsRune("><*.", rune(line[0])) || line[1] != ' ' {
			t.Fatalf("line %d of the page is not a line of a transcript: %q", b.line+1+i, line)
		}
		all = append(all, step{line[0], line[2:], b.line + 1 + i})
	}
	return all
}

// sameJSON tells whether two texts are the same JSON but for blanks and the order of members.
func sameJSON(a, b string) bool {
	var x, y any
	if json.Unmarshal([]byte(a), &x) != nil || json.Unmarshal([]byte(b), &y) != nil {
		return false
	}
	return fmt.Sprint(x) == fmt.Sprint(y)
}

// sameLine tells whether two lines of an action are the same: JSON, or words of version 2 and then text or JSON.
func sameLine(a, b string) bool {
	if a == b || sameJSON(a, b) {
		return true
	}
	x, y := strings.SplitN(a, " ", 3), strings.SplitN(b, " ", 3)
	return len(x) == 3 && len(y) == 3 && x[0] == y[0] && x[1] == y[1] && sameJSON(x[2], y[2])
}

// A stream keeps what a process writes, for a test that waits for a part of it.
type stream struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (s *stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *stream) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// hasLine tells whether one of the streams holds a line, alone on it.
func hasLine(line string, streams ...*stream) bool {
	for _, s := range streams {
		if strings.Contains("\n"+s.String(), "\n"+line+"\n") {
			return true
		}
	}
	return false
}
