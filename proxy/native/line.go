//go:build linux

package native

import (
	"bytes"
	"runtime"
	"strconv"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// A lineBuffer takes an action's output until a line is complete: the head room first, then the line so far. It grows
// no larger than the longest line needs.
type lineBuffer struct {
	buf  []byte
	n    int // bytes in buf
	most int // how long a line may be, in bytes
}

// loopBuffer is how large a buffer is at first.
const loopBuffer = HeadRoom + 4<<10

// keptBuffer is the largest buffer that is kept from one run to the next.
const keptBuffer = 2 << 20

//go:noinline
func newLineBuffer(host *Host) lineBuffer {
	return lineBuffer{buf: make([]byte, loopBuffer), n: HeadRoom, most: int(min(host.MaxLine, 1<<30))}
}

// read reads once and returns the bytes that came. open tells whether more may come.
func (b *lineBuffer) read(fd int) (piece []byte, open bool) {
	if b.n == len(b.buf) {
		size := 4 * len(b.buf)
		if len(b.buf) > keptBuffer { // few copies of a short line, and little spare room for a long one
			size = 2 * len(b.buf)
		}
		// Room for the longest line, its end, and a byte that tells whether more follows.
		buf := make([]byte, min(size, max(loopBuffer, HeadRoom+b.most+2)))
		copy(buf, b.buf)
		b.buf = buf
	}
	from := b.n
	n, err := sys.ReadNow(fd, b.buf[from:])
	b.n += n
	return b.buf[from:b.n], n > 0 || err == syscall.EAGAIN
}

// isFull reports whether a line that ends at end, or goes on there, is too long.
//
//go:noinline
func (b *lineBuffer) isFull(end int) bool { return end-HeadRoom > b.most }

// line returns the line so far, without a line end at its end.
//
//go:noinline
func (b *lineBuffer) line() []byte {
	return bytes.TrimSuffix(b.buf[:b.n], []byte("\n"))
}

// clear begins a new line; free tells whether the memory of the last is free.
//
//go:noinline
func (b *lineBuffer) clear(free bool) {
	if !free || len(b.buf) > keptBuffer {
		b.buf = make([]byte, loopBuffer)
	}
	b.n = HeadRoom
}

// drop gives the memory back, without waiting for a reason to collect garbage. Go returns memory to the system that it
// did not use at the last collection, so that one collection frees nothing: of 59 MB it left 53, and two left 3.
func (b *lineBuffer) drop() {
	b.clear(false)
	runtime.GC()
	runtime.GC()
}

// A LengthError is how a run fails when its result is too long. The action was ended.
type LengthError struct {
	Most  int64 // bytes
	Alive bool  // the action was not ended: it is known which run that was
}

func (e *LengthError) Error() string {
	if e.Alive {
		return e.reason()
	}
	return "the action was ended: " + e.reason()
}

func (e *LengthError) reason() string {
	return "its result is longer than " + strconv.FormatInt(e.Most, 10) + " bytes (OW_MAX_BODY)"
}
