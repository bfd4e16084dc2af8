package progress

import (
	"io"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// frame is how often running steps are drawn.
const frame = 100 * time.Millisecond

// Control sequences of ECMA-48 that every terminal of today has.
const (
	lineUp   = "\x1b[A"
	clearEnd = "\x1b[J" // from here to the end of the screen
	bold     = "\x1b[1m"
	dim      = "\x1b[2m"
	red      = "\x1b[31m"
	green    = "\x1b[32m"
	reset    = "\x1b[0m"
)

// live is the view that draws running steps in place, below the lines of those that have ended.
type live struct {
	mutex   sync.Mutex
	w       io.Writer
	size    func() (width, height int)
	style   style
	running []*Step
	counted *tally // nil where steps are not counted
	drawn   int    // lines below which the cursor stands
	frames  int
	stop    chan struct{}
	stopped chan struct{}
}

func newLive(w io.Writer, size func() (width, height int), style style) *live {
	l := &live{w: w, size: size, style: style, stop: make(chan struct{}), stopped: make(chan struct{})}
	go l.animate()
	return l
}

func (l *live) animate() {
	defer close(l.stopped)
	ticker := time.NewTicker(frame)
	defer ticker.Stop()
	for {
		select {
		case <-l.stop:
			return
		case <-ticker.C:
			l.mutex.Lock()
			l.frames++
			l.draw("")
			l.mutex.Unlock()
		}
	}
}

func (l *live) start(s *Step) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.running = append(l.running, s)
	l.draw("")
}

func (l *live) end(s *Step) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.running = slices.DeleteFunc(l.running, func(other *Step) bool { return other == s })
	if l.counted != nil && s.err == nil {
		l.draw("")
		return
	}
	l.draw(l.style.ended(s) + "\n")
}

func (l *live) count(t tally) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.counted = &t
	l.draw("")
}

func (l *live) text(line string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.draw(line + "\n")
}

func (l *live) fail(err error) {
	l.text(l.style.paint(bold+red, "mkimage:") + " " + oneLine(err))
}

func (l *live) close() {
	close(l.stop)
	<-l.stopped
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.running, l.counted = nil, nil
	l.draw("")
}

// draw replaces the running steps on the screen by lasting text and the running steps of now, in one write.
func (l *live) draw(lasting string) {
	if lasting == "" && l.drawn == 0 && len(l.running) == 0 && l.counted == nil {
		return
	}
	var out strings.Builder
	out.WriteString("\r" + strings.Repeat(lineUp, l.drawn) + clearEnd + lasting)
	width, height := l.size()
	l.drawn = 0
	if l.counted != nil {
		out.WriteString(l.style.counting(*l.counted, width) + "\n")
		l.drawn++
	}
	for _, step := range l.running {
		if l.drawn >= max(1, height-1) { // a line that has left the screen cannot be drawn again
			break
		}
		out.WriteString(l.style.running(step, time.Since(step.began), l.frames, width) + "\n")
		l.drawn++
	}
	_, _ = io.WriteString(l.w, out.String())
}

// style is how steps look on this terminal.
type style struct {
	color        bool
	done, failed string
	spinner      []string
}

// styleOf takes the terminal's character set and the wish for colour from the environment (https://no-color.org).
func styleOf(getenv func(string) string) style {
	s := style{color: getenv("NO_COLOR") == "", done: "+", failed: "x", spinner: strings.Split(`|/-\`, "")}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		value := strings.ToUpper(getenv(name))
		if value == "" {
			continue
		}
		if strings.Contains(value, "UTF-8") || strings.Contains(value, "UTF8") {
			s.done, s.failed, s.spinner = "✓", "✗", strings.Split("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "")
		}
		break // the first that is set decides (POSIX, 8.2)
	}
	return s
}

func (s style) paint(color, text string) string {
	if !s.color {
		return text
	}
	return color + text + reset
}

func (s style) running(step *Step, since time.Duration, frames, width int) string {
	mark, took := s.spinner[frames%len(s.spinner)], duration(since.Truncate(frame))
	if note := step.note.Load(); note != nil && len(*note)+len(took) < width/2 { // else the name is worth more
		took = *note + "  " + took
	}
	return mark + " " + cut(step.name, width-len(took)-5) + "  " + s.paint(dim, took)
}

func (s style) counting(t tally, width int) string {
	took := duration(time.Since(t.began).Truncate(frame))
	return cut(t.String(), width-len(took)-3) + "  " + s.paint(dim, took)
}

func (s style) ended(step *Step) string {
	if step.err != nil {
		return s.paint(red, s.failed) + " " + step.name + "  " + s.paint(dim, duration(step.took))
	}
	text := s.paint(green, s.done) + " " + step.name + "  "
	if step.detail != "" {
		text += step.detail + "  "
	}
	return text + s.paint(dim, duration(step.took))
}

// cut shortens text to a number of characters, so that a line never wraps.
func cut(text string, width int) string {
	if width < 1 || utf8.RuneCountInString(text) <= width {
		return text
	}
	return string([]rune(text)[:width-1]) + "…"
}
