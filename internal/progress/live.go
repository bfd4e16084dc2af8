package progress

import (
	"io"
	"slices"
	"strings"
	"sync"
	"time"
)

const (
	frame     = 100 * time.Millisecond // how often running steps are drawn
	tailLines = 4                      // how many of the last lines of a running step are drawn
)

// Control sequences of ECMA-48 that every terminal of today has.
const (
	lineUp    = "\x1b[A"
	clearLine = "\x1b[K" // from here to the end of the line
	clearEnd  = "\x1b[J" // from here to the end of the screen
	bold      = "\x1b[1m"
	dim       = "\x1b[2m"
	red       = "\x1b[31m"
	green     = "\x1b[32m"
	reset     = "\x1b[0m"
)

// live is the view that draws running steps in place, below the lines of finished ones.
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
	l.running = slices.Insert(l.running, l.place(s), s)
	l.draw("")
}

// place returns where a step is drawn: below the others of its thing, as in "scratch: build the image", else last.
func (l *live) place(s *Step) int {
	thing, _, found := strings.Cut(s.name, ": ")
	for i, other := range slices.Backward(l.running) {
		if found && strings.HasPrefix(other.name, thing+": ") {
			return i + 1
		}
	}
	return len(l.running)
}

func (l *live) output(*Step, []string) {} // the next frame has it

func (l *live) end(s *Step) {
	if s.err == nil && l.counts() {
		l.remove(s, "")
	} else {
		width, _ := l.size()
		l.remove(s, l.style.ended(s, width))
	}
}

func (l *live) cancel(s *Step) { l.remove(s, "") }

// remove ends the drawing of a step and leaves lasting text in its place.
func (l *live) remove(s *Step, lasting string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.running = slices.DeleteFunc(l.running, func(other *Step) bool { return other == s })
	l.draw(lasting)
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

func (l *live) warn(line string) { l.text(line) }

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

// counts reports whether steps that succeed are left out.
func (l *live) counts() bool {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	return l.counted != nil
}

// draw replaces the running steps on the screen by lasting text and the running steps of now, in one write.
func (l *live) draw(lasting string) {
	if lasting == "" && l.drawn == 0 && len(l.running) == 0 && l.counted == nil {
		return
	}
	rows := l.rows(l.size())
	text := lasting
	for _, row := range rows {
		text += row + "\n"
	}
	// Line by line: of a screen that is cleared as a whole, some terminals keep the former content in their history.
	text = strings.ReplaceAll(text, "\n", clearLine+"\n")
	_, _ = io.WriteString(l.w, "\r"+strings.Repeat(lineUp, l.drawn)+text+clearEnd)
	l.drawn = len(rows)
}

// rows returns the rows of the running steps, on a screen of width by height. There is a row for each step as far as
// there is room, since a row that has left the screen cannot be drawn again. Spare room has the last lines of their
// output.
func (l *live) rows(width, height int) []string {
	var rows []string
	room := max(1, height-1)
	if l.counted != nil {
		rows = append(rows, l.style.counting(*l.counted, width))
		room--
	}
	steps := l.running[:min(len(l.running), room)]
	writing := 0
	for _, step := range steps {
		writing += min(1, len(step.said.tail(1)))
	}
	lines := min(tailLines, (room-len(steps))/max(1, writing))
	for _, step := range steps {
		rows = append(rows, l.style.running(step, time.Since(step.began), l.frames, width))
		for _, line := range step.said.tail(lines) {
			rows = append(rows, l.style.paint(dim, cut(l.style.bar+line, width-1)))
		}
	}
	return rows
}
