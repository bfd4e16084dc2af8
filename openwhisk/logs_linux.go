package openwhisk

import (
	"os"
	"sync"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// logPipes stand for os.Stdout and os.Stderr, so that the line that ends an activation's log can stand alone on its
// line, after all that was logged, even when the handler ended in the middle of one (rule 34).
type logPipes struct {
	logs *native.Logs
	mu   sync.Mutex // over taking bytes from the pipes
	from [2]int
	were [2]*os.File // os.Stdout and os.Stderr, which close their descriptors when nobody has them any more
}

// takeLogs puts pipes in the place of os.Stdout and os.Stderr. Descriptors 1 and 2 stay as they are, so that the
// runtime's report of a crash gets out.
func takeLogs(logs *native.Logs) (*logPipes, error) {
	l := &logPipes{logs: logs}
	for i, file := range []**os.File{&os.Stdout, &os.Stderr} {
		r, w, err := sys.Pipe()
		if err != nil {
			return nil, err
		}
		l.from[i], l.were[i] = r, *file
		*file = os.NewFile(uintptr(w), (*file).Name())
	}
	for i := range l.from {
		go l.relay(i)
	}
	return l, nil
}

// relay takes the log while a handler runs: a full pipe would stop it.
func (l *logPipes) relay(stream int) {
	for {
		sys.Poll([]sys.PollFd{{Fd: int32(l.from[stream]), Events: sys.PollIn}}, -1)
		l.take(stream)
	}
}

// settle takes all that was logged so far.
func (l *logPipes) settle() {
	for stream := range l.from {
		l.take(stream)
	}
}

// take writes the content of a pipe to the log. When it finds nothing there, other callers have written all that they
// took.
func (l *logPipes) take(stream int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for left := sys.Unread(l.from[stream]); left > 0; {
		n := l.piece(stream, left)
		if n == 0 {
			return
		}
		left -= n
	}
}

func (l *logPipes) piece(stream, most int) int {
	var b [16 << 10]byte
	n, _ := sys.Read(l.from[stream], b[:min(most, len(b))])
	l.logs.Write(stream, b[:n])
	return n
}
