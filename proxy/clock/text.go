// Package clock has the times that the proxy needs. Importing package time costs 106 KB of the proxy's binary, though
// only its constants are used: its initialisers link the time zones and their settings.
package clock

import (
	"strconv"
	"strings"
)

// A Duration is a time in nanoseconds, as in package time.
type Duration int64

const (
	Nanosecond  Duration = 1
	Microsecond          = 1000 * Nanosecond
	Millisecond          = 1000 * Microsecond
	Second               = 1000 * Millisecond
	Minute               = 60 * Second
	Hour                 = 60 * Minute
)

// Parse reads a duration as package time writes them: 8s, 500ms, 1m30s, 1.5h. ok is false for other texts, and for
// negative durations.
func Parse(text string) (d Duration, ok bool) {
	text = strings.TrimPrefix(text, "+")
	if text == "0" {
		return 0, true
	}
	for text != "" {
		end := digits(text)
		whole, rest := text[:end], text[end:]
		fraction := ""
		if strings.HasPrefix(rest, ".") {
			end = 1 + digits(rest[1:])
			fraction, rest = rest[1:end], rest[end:]
		}
		if whole == "" && fraction == "" {
			return 0, false
		}
		unit, after := cutUnit(rest)
		if unit == 0 {
			return 0, false
		}
		n, good := scale(whole, fraction, unit)
		if d += n; !good || d < 0 {
			return 0, false
		}
		text = after
		ok = true
	}
	return d, ok
}

// digits returns how many of them a text begins with.
func digits(text string) int {
	n := 0
	for n < len(text) && '0' <= text[n] && text[n] <= '9' {
		n++
	}
	return n
}

// cutUnit takes the name of a unit from the beginning of a text; 0 is none.
func cutUnit(text string) (unit Duration, rest string) {
	end := 0
	for end < len(text) && text[end] != '.' && (text[end] < '0' || text[end] > '9') {
		end++
	}
	switch rest = text[end:]; text[:end] {
	case "ns":
		unit = Nanosecond
	case "us", "µs", "μs":
		unit = Microsecond
	case "ms":
		unit = Millisecond
	case "s":
		unit = Second
	case "m":
		unit = Minute
	case "h":
		unit = Hour
	}
	return unit, rest
}

// scale returns whole.fraction times unit, rounded down. ok is false when that is no Duration.
func scale(whole, fraction string, unit Duration) (d Duration, ok bool) {
	const longest = Duration(1<<63 - 1)
	for _, c := range whole {
		if d = 10*d + Duration(c-'0'); d > longest/10 {
			return 0, false
		}
	}
	if d > longest/unit {
		return 0, false
	}
	d *= unit
	for _, c := range fraction {
		unit /= 10
		d += Duration(c-'0') * unit
	}
	return d, d >= 0
}

// String returns whole seconds, milliseconds or nanoseconds: 90s, 1500ms.
func (d Duration) String() string {
	switch {
	case d%Second == 0:
		return strconv.FormatInt(int64(d/Second), 10) + "s"
	case d%Millisecond == 0:
		return strconv.FormatInt(int64(d/Millisecond), 10) + "ms"
	}
	return strconv.FormatInt(int64(d), 10) + "ns"
}
