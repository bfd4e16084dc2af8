package dev

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"sync"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// Screen shows events: answers in one place, everything else in another.
type Screen struct {
	answers, rest Out
	mutex         sync.Mutex
	names         names // of the action's files in the log
}

// Out is a place for text.
type Out struct {
	io.Writer
	Color bool // for a terminal, for which everything foreign is made harmless here
}

// NewScreen returns a screen.
func NewScreen(answers, rest Out) *Screen { return &Screen{answers: answers, rest: rest} }

const (
	red   = "\x1b[31m"
	green = "\x1b[32m"
	dim   = "\x1b[2m"
	plain = ""
	reset = "\x1b[0m"
)

// line writes foreign text, made harmless, in a colour.
func (s *Screen) line(out Out, color, text string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if out.Color {
		text = terminal.Escape([]byte(text))
	}
	if out.Color && color != plain {
		text = color + text + reset
	}
	_, _ = io.WriteString(out, text+"\n") // there is no better place to tell that it is gone
}

// show has the action's files shown by these names from now on.
func (s *Screen) show(names names) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	s.names = names
}

// ours returns a text with the user's names of files.
func (s *Screen) ours(text string) string {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	return s.names.in(text)
}

func (s *Screen) note(format string, args ...any) { s.line(s.rest, dim, fmt.Sprintf(format, args...)) }

// fail shows an error, with a line for each error that is joined in it.
func (s *Screen) fail(err error) {
	for text := range strings.Lines(err.Error()) {
		s.line(s.rest, red, "failed: "+human.Line(text))
	}
}

// problem shows an error of cleaning up, if there is one.
func (s *Screen) problem(err error) {
	if err != nil {
		s.fail(err)
	}
}

// answer shows an answer: how long the run took, and how long ago the change was.
func (s *Screen) answer(body []byte, took, since time.Duration) {
	s.line(s.answers, green, string(body))
	s.note("run %s, %s after the change", human.Duration(took), human.Duration(since))
}

// Write shows lines of the log.
func (s *Screen) Write(p []byte) (int, error) {
	for line := range bytes.Lines(p) {
		s.line(s.rest, plain, "  | "+s.ours(strings.TrimRight(string(line), "\r\n")))
	}
	return len(p), nil
}
