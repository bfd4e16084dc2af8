//go:build linux

package sys

import (
	"bytes"
	"strings"
	"syscall"
	"testing"
)

// A line goes through a pipe that is too small for it, piece by piece, and its end goes once.
func TestWriteLine(t *testing.T) {
	for _, size := range []int{0, 1, 64<<10 - 1, 64 << 10, 64<<10 + 1, 1 << 20} {
		r, w, err := Pipe()
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Fcntl(w, syscall.F_SETFL, syscall.O_NONBLOCK); err != nil {
			t.Fatal(err)
		}
		line := strings.Repeat("x", size)
		var got []byte
		b := make([]byte, 3000)
		for sent := 0; sent <= size; {
			n, err := WriteLine(w, []byte(line[sent:]))
			if sent += n; err != nil && err != syscall.EAGAIN {
				t.Fatal(err)
			}
			if Unread(w) > 0 {
				n, _ = Read(r, b)
				got = append(got, b[:n]...)
			}
		}
		Close(&w)
		for {
			n, err := Read(r, b)
			if n == 0 || err != nil {
				break
			}
			got = append(got, b[:n]...)
		}
		Close(&r)
		if !bytes.Equal(got, []byte(line+"\n")) {
			t.Errorf("of a line of %d bytes %d came", size, len(got))
		}
	}
}
