//go:build linux

package action

import (
	"strconv"
	"strings"
	"syscall"
)

// A PlaceError says why an upload is not accepted, and what to do.
type PlaceError struct{ Reason string }

func (e *PlaceError) Error() string { return e.Reason }

// refuse is called where uploads are read, in many places: inlined into them all it would add 7 KB to the proxy.
//
//go:noinline
func refuse(parts ...string) error { return &PlaceError{strings.Join(parts, "")} }

// unwritable says what to do when nothing can be placed in dir.
func unwritable(dir string, err error) error {
	reason := "cannot write to " + dir + ": " + err.Error()
	switch err {
	case syscall.ENOSPC, syscall.EDQUOT:
		reason += " (make room, or send less)"
	case syscall.EROFS, syscall.EACCES, syscall.EPERM:
		reason += " (start the container with --tmpfs " + dir + ":exec,uid=" + uid() + ", or bake the action into the image)"
	case syscall.ENOENT:
		reason += " (make the folder, or set OW_ACTION_DIR)"
	}
	return &PlaceError{reason}
}

func uid() string { return strconv.Itoa(syscall.Getuid()) }

// quoted is a name out of an upload, made fit for one line of a message.
func quoted(name string) string {
	const most = 200
	if len(name) > most {
		name = name[:most] + "…"
	}
	return strconv.Quote(name)
}
