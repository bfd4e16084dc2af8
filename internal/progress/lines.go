package progress

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strings"
	"sync"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// event is the content of a line.
type event struct {
	Event   string   `json:"event"`
	Step    string   `json:"step,omitempty"`
	Seconds *float64 `json:"seconds,omitempty"`
	Detail  string   `json:"detail,omitempty"`
	Text    string   `json:"text,omitempty"`
	Error   string   `json:"error,omitempty"`
	step    *Step
	counted bool // steps are counted, and successful ones left out
}

// lines is the view that writes a line, or none, for an event.
type lines struct {
	mutex    sync.Mutex
	w        io.Writer
	line     func(event) string // with its line end; "" for nothing
	counting bool
}

func newLines(w io.Writer, line func(event) string) *lines { return &lines{w: w, line: line} }

func (l *lines) write(events ...event) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	var text strings.Builder
	for _, e := range events {
		e.counted = l.counting
		text.WriteString(l.line(e))
	}
	_, _ = io.WriteString(l.w, text.String()) // there is no better place to tell that stderr is gone
}

func (l *lines) start(s *Step)    { l.write(event{Event: "start", Step: s.name, step: s}) }
func (l *lines) text(line string) { l.write(event{Event: "text", Text: line}) }
func (l *lines) warn(line string) { l.write(event{Event: "warning", Text: line}) }
func (l *lines) fail(err error)   { l.write(event{Event: "error", Error: oneLine(err)}) }
func (l *lines) close()           {}

func (l *lines) output(s *Step, written []string) {
	var events []event
	for _, line := range written {
		events = append(events, event{Event: "output", Step: s.name, Text: line, step: s})
	}
	l.write(events...)
}

func (l *lines) count(t tally) {
	l.mutex.Lock()
	l.counting = true
	l.mutex.Unlock()
	if t.isTenth() {
		l.write(event{Event: "count", Text: fmt.Sprintf("done: %s (%s)", t, human.Duration(time.Since(t.began)))})
	}
}

func (l *lines) end(s *Step) {
	e := event{Event: "done", Step: s.name, Seconds: seconds(s.took), Detail: s.detail, step: s}
	if s.err != nil {
		e.Event, e.Detail, e.Error = "failed", "", oneLine(s.err)
	}
	l.write(e)
}

func (l *lines) cancel(s *Step) {
	l.write(event{Event: "canceled", Step: s.name, Seconds: seconds(s.took), step: s})
}

// seconds returns a time with the precision of milliseconds.
func seconds(d time.Duration) *float64 {
	seconds := math.Round(d.Seconds()*1000) / 1000
	return &seconds
}

func jsonLine(e event) string {
	if e.Event == "count" {
		return ""
	}
	text, _ := json.Marshal(e) // strings and numbers always have a form
	return string(text) + "\n"
}

func plainLine(e event) string {
	if e.counted && (e.Event == "done" || e.Event == "output") {
		return ""
	}
	switch e.Event {
	case "done", "failed":
		detail := human.Duration(e.step.took)
		if e.Detail != "" {
			detail = e.Detail + ", " + detail
		}
		text := fmt.Sprintf("%s: %s (%s)\n", e.Event, e.Step, detail)
		if e.counted { // its output was not shown
			return outputOf(e.step) + text
		}
		return text
	case "output":
		return outputLine(e.Step, e.Text)
	case "text", "count":
		return e.Text + "\n"
	}
	return errorLine(e)
}

func errorLine(e event) string {
	switch e.Event {
	case "failed":
		return outputOf(e.step)
	case "warning":
		return e.Text + "\n"
	case "error":
		return "mkimage: " + e.Error + "\n"
	}
	return ""
}

// outputOf returns the last lines of a step's output.
func outputOf(s *Step) string {
	var text strings.Builder
	for _, line := range s.said.tail(keptLines) {
		text.WriteString(outputLine(s.name, line))
	}
	return text.String()
}

func outputLine(step, line string) string { return step + " | " + line + "\n" }
