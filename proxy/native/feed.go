//go:build linux

package native

import (
	"bytes"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// A feed is the input that a child is still to read. It holds a line for each open run, and one for each that is
// cancelled, so that it is bounded by how many runs there are.
type feed struct {
	lines  []feedLine
	begun  bool          // some of the first was written
	joined [pipeBuf]byte // lines in one piece
}

// A feedLine is a line in parts, the line end in the last.
type feedLine struct {
	parts [3][]byte
	owner *openRun // whose memory a part is, nil where it is the feed's
}

// mostCopied is how long a value may be that is copied, so that the line is written in one call.
const mostCopied = 16 << 10

func (f *feed) isEmpty() bool { return len(f.lines) == 0 }

// run adds the line of a run.
func (f *feed) run(o *openRun, value []byte) {
	line := feedLine{owner: o}
	if len(value) <= mostCopied {
		b := o.appendRun(make([]byte, 0, 128+len(value)))
		line.parts[0] = append(append(b, value...), '\n')
	} else {
		line.parts = [...][]byte{o.appendRun(nil), value, {'\n'}}
	}
	f.lines = append(f.lines, line)
}

// cancel adds a line before the runs that wait.
func (f *feed) cancel(id string) {
	at := 0
	if f.begun {
		at = 1
	}
	f.lines = append(f.lines, feedLine{})
	copy(f.lines[at+1:], f.lines[at:])
	f.lines[at] = feedLine{parts: [3][]byte{[]byte("cancel " + id + "\n")}}
}

// drop takes back the line of a run of which nothing was written, and reports whether there is such a one.
func (f *feed) drop(o *openRun) bool {
	for i, line := range f.lines {
		if line.owner == o && (i > 0 || !f.begun) {
			f.remove(i)
			return true
		}
	}
	return false
}

func (f *feed) remove(i int) {
	last := len(f.lines) - 1
	copy(f.lines[i:], f.lines[i+1:])
	f.lines[last] = feedLine{}
	f.lines = f.lines[:last]
}

// keep makes the line of a run the feed's own, for the memory of its value is soon another's.
func (f *feed) keep(o *openRun) {
	for i := range f.lines {
		if line := &f.lines[i]; line.owner == o {
			line.parts[1], line.owner = bytes.Clone(line.parts[1]), nil
		}
	}
}

// write writes as much as the pipe takes, and reports whether that was all.
func (f *feed) write(fd int) (done bool, err error) {
	for len(f.lines) > 0 {
		n, err := sys.WriteNow(fd, f.next())
		if err == syscall.EAGAIN {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		f.wrote(n)
	}
	return true, nil
}

// next returns the next piece to write: several lines where they are short.
func (f *feed) next() []byte {
	b := f.joined[:0]
	for i := range f.lines {
		for _, part := range f.lines[i].parts {
			if len(b)+len(part) > len(f.joined) {
				if len(b) == 0 {
					return part
				}
				return b
			}
			b = append(b, part...)
		}
	}
	return b
}

// wrote notes that so many bytes were written.
func (f *feed) wrote(n int) {
	for n > 0 {
		line := &f.lines[0]
		left := 0
		for i, part := range line.parts {
			k := min(n, len(part))
			line.parts[i] = part[k:]
			n -= k
			left += len(part) - k
		}
		if f.begun = left > 0; !f.begun {
			f.remove(0)
		}
	}
}
