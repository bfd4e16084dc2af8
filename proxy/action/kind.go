//go:build linux

package action

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// A Kind is what an upload is, by its first bytes.
type Kind int

const (
	Text    Kind = iota // source, or nothing known
	ELF                 // a compiled program
	Script              // text that begins with #!
	Zip                 // a zip or a jar
	Gzip                // a gzipped tar
	Damaged             // a binary that was sent as text
)

func kindOf(first []byte) Kind {
	switch {
	case bytes.HasPrefix(first, []byte("\x7fELF\ufffd")), bytes.HasPrefix(first, []byte("\x1f\ufffd")), bytes.HasPrefix(first, []byte("PK\x03\x04\x14\x00\ufffd")):
		return Damaged
	case bytes.HasPrefix(first, []byte("\x7fELF")):
		return ELF
	case bytes.HasPrefix(first, []byte("#!")):
		return Script
	case bytes.HasPrefix(first, []byte("PK\x03\x04")), bytes.HasPrefix(first, []byte("PK\x05\x06")):
		return Zip
	case bytes.HasPrefix(first, []byte("\x1f\x8b")):
		return Gzip
	}
	return Text
}

// firstBytes is the beginning of a file, as much as tells its kind and an
// interpreter line.
func firstBytes(file *os.File) ([]byte, error) {
	b := make([]byte, 4096)
	n, err := file.ReadAt(b, 0)
	if n > 0 {
		err = nil
	}
	return b[:n], err
}

// unwritable says what to do when an action cannot be placed.
func unwritable(path string, err error) error {
	dir := filepath.Dir(path)
	if info, statErr := os.Stat(path); statErr == nil && info.IsDir() {
		dir = path
	}
	reason := "cannot write to " + dir + ": " + cause(err)
	switch {
	case is(err, syscall.ENOSPC):
		return &PlaceError{reason + " (make room, or send less)"}
	case is(err, syscall.EROFS), is(err, syscall.EACCES), is(err, syscall.EPERM):
		return &PlaceError{reason + " (start the container with --tmpfs " + dir + ":exec,uid=" + uid() + ", or bake the action into the image)"}
	case is(err, syscall.ENOENT):
		return &PlaceError{reason + " (make the folder, or set OW_ACTION_DIR)"}
	}
	return &PlaceError{reason}
}

// A PlaceError says why an upload is not accepted, and what to do.
type PlaceError struct{ Reason string }

func (e *PlaceError) Error() string { return e.Reason }

func refuse(parts ...string) error { return &PlaceError{strings.Join(parts, "")} }
