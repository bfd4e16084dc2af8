package code

import "io"

const (
	inputSize = 32 << 10
	// inputKept is how many bytes can be given back after they were read.
	inputKept = 8
)

// An input reads a part of a file in large pieces, and lets its bytes be looked at where they lie.
type input struct {
	file      io.ReaderAt
	next, end int64 // the part of the file that was not read yet
	buf       [inputKept + inputSize]byte
	at, full  int // buf[at:full] was not taken yet
	err       error
}

// reset makes in read the bytes from..end of a file.
//
//go:noinline
func (in *input) reset(file io.ReaderAt, from, end int64) {
	in.file, in.next, in.end, in.err = file, from, end, nil
	in.at, in.full = inputKept, inputKept
}

// fill reads the next piece when the last one is used up. It reports false at the end, or after an error.
func (in *input) fill() bool {
	if in.next >= in.end || in.err != nil {
		return false
	}
	copy(in.buf[:inputKept], in.buf[in.full-inputKept:in.full])
	n, err := in.file.ReadAt(in.buf[inputKept:inputKept+int(min(inputSize, in.end-in.next))], in.next)
	in.next += int64(n)
	in.at, in.full = inputKept, inputKept+n
	if n == 0 {
		in.err = err
	}
	return n > 0
}

// byte takes one byte; false is the end.
func (in *input) byte() (byte, bool) {
	if in.at == in.full && !in.fill() {
		return 0, false
	}
	in.at++
	return in.buf[in.at-1], true
}

// Read implements io.Reader.
func (in *input) Read(b []byte) (int, error) {
	if in.at == in.full && !in.fill() {
		return 0, in.ended(io.EOF)
	}
	n := copy(b, in.buf[in.at:in.full])
	in.at += n
	return n, nil
}

// ended returns why there is no more to read, or otherwise, if that is just the end.
//
//go:noinline
func (in *input) ended(otherwise error) error {
	if in.err != nil && in.err != io.EOF {
		return in.err
	}
	return otherwise
}
