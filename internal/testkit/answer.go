package testkit

import (
	"encoding/json"
	"fmt"
	"testing"
)

// An Answer is an answer as the platform gets it.
type Answer struct {
	Status int
	Body   string
}

// String returns status and body for messages, of which a long body shows only the beginning.
func (a Answer) String() string { return fmt.Sprintf("%d %.400s", a.Status, a.Body) }

// Text returns status and body whole.
func (a Answer) Text() string { return fmt.Sprintf("%d %s", a.Status, a.Body) }

// OK returns an answer of status 200.
func OK(body string) Answer { return Answer{200, body} }

// Failed returns an answer with an error.
func Failed(status int, text string) Answer {
	quoted, _ := json.Marshal(text)
	return Answer{status, `{"error":` + string(quoted) + `}`}
}

// Error returns the text of an answer that has to be an object with the member error and no other.
func (a Answer) Error(t testing.TB) string {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal([]byte(a.Body), &members); err != nil {
		t.Fatalf("%s: %v", a, err)
	}
	text, ok := members["error"].(string)
	if a.Status == 200 || !ok || len(members) != 1 {
		t.Fatalf("%s is no answer with the single member error", a)
	}
	return text
}
