// Package human writes values the way people read them in messages: sizes, times, counts, texts on one line, and reasons of
// errors.
package human

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"
)

// Bytes returns a number of bytes with three significant digits, such as "1.61 MB", "10.4 MB", "700 kB" or "12 B".
func Bytes(bytes int64) string {
	if bytes < 1000 {
		return fmt.Sprintf("%d B", bytes)
	}
	size := float64(bytes)
	for _, unit := range []string{"kB", "MB", "GB"} {
		size /= 1000
		switch {
		case size < 9.995:
			return fmt.Sprintf("%.2f %s", size, unit)
		case size < 99.95:
			return fmt.Sprintf("%.1f %s", size, unit)
		case size < 999.5:
			return fmt.Sprintf("%.0f %s", size, unit)
		}
	}
	return fmt.Sprintf("%.0f GB", size)
}

// Duration returns a time, such as "0.41ms", "6.2ms", "212ms", "12.3s" or "2m5s".
func Duration(d time.Duration) string {
	switch milliseconds := float64(d) / float64(time.Millisecond); {
	case milliseconds < 0.005:
		return "0ms"
	case milliseconds < 0.995:
		return fmt.Sprintf("%.2fms", milliseconds)
	case milliseconds < 9.95:
		return fmt.Sprintf("%.1fms", milliseconds)
	case milliseconds < 999.5:
		return fmt.Sprintf("%.0fms", milliseconds)
	case d < time.Minute-50*time.Millisecond:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// Count returns a number of things, such as "1 blob" or "3 blobs".
func Count(n int, thing string) string {
	if n != 1 {
		thing += "s"
	}
	return fmt.Sprintf("%d %s", n, thing)
}

// Line returns a text on one line: every run of white space becomes a space.
func Line(text string) string { return strings.Join(strings.Fields(text), " ") }

// Excerpt returns a text on one line, cut after a number of characters.
func Excerpt(text string, characters int) string {
	line := []rune(Line(text))
	if len(line) > characters {
		return string(line[:characters]) + "…"
	}
	return string(line)
}

// OneLine returns an error whose text is one line. An error that is one line already is returned as it is, with all
// that it wraps.
func OneLine(err error) error {
	if err == nil || !strings.ContainsAny(err.Error(), "\r\n") {
		return err
	}
	return errors.New(Line(err.Error()))
}

// Reason returns the system's reason of an error, such as "no space left on device", without the operation and the path
// that the message has already. Other errors are returned unchanged.
func Reason(err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case errors.As(err, &path) && path.Err != nil:
		return path.Err
	case errors.As(err, &link) && link.Err != nil:
		return link.Err
	}
	return err
}
