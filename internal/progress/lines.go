package progress

import (
	"encoding/json"
	"fmt"
	"io"
	"math"
	"sync"
	"time"
)

// event is what a line tells.
type event struct {
	Event   string   `json:"event"`
	Step    string   `json:"step,omitempty"`
	Seconds *float64 `json:"seconds,omitempty"`
	Detail  string   `json:"detail,omitempty"`
	Text    string   `json:"text,omitempty"`
	Error   string   `json:"error,omitempty"`
	step    *Step
	counted bool // it is one of the steps that are left out where they are counted
}

// lines is the view that writes a line, or none, for an event.
type lines struct {
	mutex    sync.Mutex
	w        io.Writer
	line     func(event) string // with its line end; "" for nothing
	counting bool
}

func newLines(w io.Writer, line func(event) string) *lines { return &lines{w: w, line: line} }

func (l *lines) write(e event) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	e.counted = l.counting && e.Event == "done"
	_, _ = io.WriteString(l.w, l.line(e)) // there is no better place to tell that stderr is gone
}

func (l *lines) start(s *Step)    { l.write(event{Event: "start", Step: s.name, step: s}) }
func (l *lines) text(line string) { l.write(event{Event: "text", Text: line}) }
func (l *lines) fail(err error)   { l.write(event{Event: "error", Error: oneLine(err)}) }
func (l *lines) close()           {}

func (l *lines) count(t tally) {
	l.mutex.Lock()
	l.counting = true
	l.mutex.Unlock()
	if t.isTenth() {
		l.write(event{Event: "count", Text: fmt.Sprintf("done: %s (%s)", t, duration(time.Since(t.began)))})
	}
}

func (l *lines) end(s *Step) {
	seconds := math.Round(s.took.Seconds()*1000) / 1000
	e := event{Event: "done", Step: s.name, Seconds: &seconds, Detail: s.detail, step: s}
	if s.err != nil {
		e.Event, e.Detail, e.Error = "failed", "", oneLine(s.err)
	}
	l.write(e)
}

func jsonLine(e event) string {
	if e.Event == "count" {
		return ""
	}
	text, _ := json.Marshal(e) // strings and numbers always have a form
	return string(text) + "\n"
}

func plainLine(e event) string {
	if e.counted {
		return ""
	}
	switch e.Event {
	case "done", "failed":
		detail := duration(e.step.took)
		if e.Detail != "" {
			detail = e.Detail + ", " + detail
		}
		return fmt.Sprintf("%s: %s (%s)\n", e.Event, e.Step, detail)
	case "text", "count":
		return e.Text + "\n"
	}
	return errorLine(e)
}

func errorLine(e event) string {
	if e.Event == "error" {
		return "mkimage: " + e.Error + "\n"
	}
	return ""
}
