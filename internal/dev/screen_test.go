package dev

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// TestScreen holds that colours are ours alone, and only where they may be.
func TestScreen(t *testing.T) {
	var answers, rest strings.Builder
	s := NewScreen(Out{Writer: &answers}, Out{Writer: &rest, Color: true})
	s.answer([]byte(`{"a":1}`), time.Millisecond, 2*time.Millisecond)
	s.fail(errors.New("no \x1b[1mway"))
	_, _ = s.Write([]byte("log \x1b]0;title\n"))
	if got, want := answers.String(), "{\"a\":1}\n"; got != want {
		t.Errorf("answers are %q, want %q", got, want)
	}
	want := "\x1b[2mrun 1.0ms, 2.0ms after the change\x1b[0m\n\x1b[31mfailed: no \\u001b[1mway\x1b[0m\n  | log \\u001b]0;title\n"
	if got := rest.String(); got != want {
		t.Errorf("the rest is %q, want %q", got, want)
	}
}
