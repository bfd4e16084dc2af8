//go:build linux

// Package action turns the bytes of an upload into a checked executable in a directory.
//
// An upload is written as it arrives: base64 is decoded piece by piece into a file, so that 64 MB of it never stand in
// memory (rule 23). The first bytes of the file then show its kind: an ELF, a script, a zip or a gzipped tar, or source
// text.
package action

import (
	"errors"
	"path"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// ErrTooLarge is returned when an upload is larger than Limits.Code.
var ErrTooLarge = errors.New("the code is larger than this proxy takes (OW_MAX_CODE)")

// An Upload takes the text of the "code" member of an /init. Write it, then ask for it with Close.
type Upload struct {
	limits code.Limits
	file   *File
	size   int64
	err    error

	head   []byte // the first bytes, until their kind is known
	known  bool   // whether it is base64 is known, or guessed
	binary bool   // it is decoded
	quad   []byte // less than four characters of base64 that wait for more
	out    []byte // memory into which a piece is decoded
	chars  int64  // of base64 seen so far
	padded bool   // its end was seen
}

// sniff is how many characters are looked at to tell base64 from text when "binary" has not been seen.
const sniff = 64

// NewUpload makes a file for an upload in dir, where it can later be renamed into its place.
func NewUpload(dir string, limits code.Limits) (*Upload, error) {
	file, err := newFile(dir)
	if err != nil {
		return nil, unwritable(dir, err)
	}
	return &Upload{limits: limits, file: file}, nil
}

// Write takes the next piece of the text.
func (u *Upload) Write(text []byte) (int, error) {
	n := len(text)
	if u.err != nil {
		return 0, u.err
	}
	if !u.known {
		u.head = append(u.head, text...)
		if len(dense(u.head)) < sniff && len(u.head) < 4*sniff {
			return n, nil
		}
		text = u.guess()
	}
	u.err = u.put(text)
	return n, u.err
}

// Binary notes the request's member "binary", when it stands before the code.
func (u *Upload) Binary(binary bool) {
	if binary && !u.known {
		u.known, u.binary = true, true
	}
}

// guess decides from the first bytes, and returns them.
func (u *Upload) guess() []byte {
	head := u.head
	u.known, u.binary, u.head = true, looksEncoded(head), nil
	return head
}

func (u *Upload) put(text []byte) error {
	if !u.binary {
		return u.store(text)
	}
	return u.decode(text)
}

func (u *Upload) store(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if u.size += int64(len(b)); u.size > u.limits.Code {
		return ErrTooLarge
	}
	if _, err := u.file.Write(b); err != nil {
		return unwritable(path.Dir(u.file.Name()), err)
	}
	return nil
}

// Close ends the upload. binary is the request's member; text that begins as base64 of an ELF, script, zip or gzip is
// decoded in either case (rule 12). The file is to be read with ReadAt.
func (u *Upload) Close(binary bool) (*File, error) {
	if u.err == nil && !u.known {
		u.Binary(binary)
		text := u.head
		if !u.known {
			text = u.guess()
		}
		u.err = u.put(text)
	}
	if u.err == nil && binary && !u.binary {
		u.err = u.decodeAll()
	}
	if u.err == nil && len(u.quad) > 0 {
		u.err = &Base64Error{u.chars, " (it is cut off)"}
	}
	u.file.text = !u.binary
	return u.file, u.err
}

// Size returns how many bytes the decoded upload has so far.
func (u *Upload) Size() int64 { return u.size }

// Discard removes the upload, unless its file was renamed.
func (u *Upload) Discard() {
	u.file.Close()
	syscall.Unlink(u.file.Name())
}

// decodeAll decodes an upload that was stored as text, for "binary" stood behind the code and the code did not look
// like anything known. It decodes in place: it never writes ahead of where it reads.
func (u *Upload) decodeAll() error {
	length := u.size
	u.size, u.binary = 0, true
	if _, err := syscall.Seek(u.file.fd, 0, 0); err != nil {
		return unwritable(path.Dir(u.file.Name()), err)
	}
	buf := make([]byte, 32<<10)
	for at := int64(0); at < length; {
		n, err := u.file.ReadAt(buf[:min(int64(len(buf)), length-at)], at)
		if err != nil {
			return code.Refuse("cannot read what was uploaded: ", err.Error())
		}
		at += int64(n)
		if err := u.decode(buf[:n]); err != nil {
			return err
		}
	}
	if err := syscall.Ftruncate(u.file.fd, u.size); err != nil {
		return unwritable(path.Dir(u.file.Name()), err)
	}
	return nil
}
