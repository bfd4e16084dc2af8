package progress

import (
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// shortDetail is the number of columns of a step's result that are always shown.
const shortDetail = 30

// style is how steps look on this terminal.
type style struct {
	color        bool
	done, failed string
	bar          string // stands before the output of a step
	spinner      []string
}

// styleOf takes the terminal's character set and the wish for colour from the environment (https://no-color.org).
func styleOf(getenv func(string) string) style {
	s := style{color: getenv("NO_COLOR") == "", done: "+", failed: "x", bar: "  | ", spinner: strings.Split(`|/-\`, "")}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		value := strings.ToUpper(getenv(name))
		if value == "" {
			continue
		}
		if strings.Contains(value, "UTF-8") || strings.Contains(value, "UTF8") {
			s.done, s.failed, s.bar, s.spinner = "✓", "✗", "  │ ", strings.Split("⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "")
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
	mark, took := s.spinner[frames%len(s.spinner)], human.Duration(since.Truncate(frame))
	if note := step.note.Load(); note != nil && *note != "" && len(*note)+len(took) < width/2 { // else the name is worth more
		took = *note + "  " + took
	}
	return mark + " " + cut(step.name, width-len(took)-5) + "  " + s.paint(dim, took)
}

func (s style) counting(t tally, width int) string {
	took := human.Duration(time.Since(t.began).Truncate(frame))
	return cut(t.String(), width-len(took)-3) + "  " + s.paint(dim, took)
}

// ended returns the lasting line of a step, and below it the last output of a step that failed.
func (s style) ended(step *Step, width int) string {
	if step.err != nil {
		text := s.paint(red, s.failed) + " " + step.name + "  " + s.paint(dim, human.Duration(step.took)) + "\n"
		for _, line := range step.said.tail(keptLines) {
			text += s.bar + line + "\n"
		}
		return text
	}
	text, took := s.paint(green, s.done)+" "+step.name+"  ", human.Duration(step.took)
	if step.detail != "" {
		text += cut(step.detail, max(width-ansi.StringWidth(step.name)-len(took)-6, min(width, shortDetail))) + "  "
	}
	return text + s.paint(dim, took) + "\n"
}

// cut shortens text to a number of columns, so that a line never wraps.
func cut(text string, width int) string {
	if width < 1 {
		return text
	}
	return ansi.Truncate(text, width, "…")
}
