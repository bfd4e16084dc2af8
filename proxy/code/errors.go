package code

import (
	"path"
	"strconv"
	"strings"
)

// A Refusal says why an upload is not accepted, and what to do.
type Refusal struct{ Reason string }

func (e *Refusal) Error() string { return e.Reason }

// Refuse returns a Refusal of the joined parts. It is called in many places: inlined into them all it would add 7 KB to
// the proxy.
//
//go:noinline
func Refuse(parts ...string) error { return &Refusal{strings.Join(parts, "")} }

// Quoted returns a name out of an upload, made fit for one line of a message.
func Quoted(name string) string {
	const most = 200
	if len(name) > most {
		name = name[:most] + "…"
	}
	return strconv.Quote(name)
}

// isAbs reports whether a path starts at the root.
//
//go:noinline
func isAbs(name string) bool { return path.IsAbs(name) }

// BaseName returns the last element of a path, as path.Base does. Inlined it would add 1 KB.
//
//go:noinline
func BaseName(name string) string { return path.Base(name) }
