package openwhisk

import (
	"os"
	"sync"
	"syscall"
	"unsafe"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
)

// logPipes stand for os.Stdout and os.Stderr, so that the line that ends an
// activation's log can stand alone on its line, after all that was logged, even
// when the handler ended in the middle of one (rule 34).
type logPipes struct {
	logs *native.Logs
	mu   sync.Mutex // over taking bytes from the pipes
	from [2]int
	were [2]*os.File // os.Stdout and os.Stderr, which close their descriptors when nobody has them any more
}

// takeLogs puts pipes in the place of os.Stdout and os.Stderr. Descriptors 1 and
// 2 stay what they are: what the runtime writes when the program crashes gets
// out.
func takeLogs(logs *native.Logs) (*logPipes, error) {
	l := &logPipes{logs: logs}
	for i, file := range []**os.File{&os.Stdout, &os.Stderr} {
		var p [2]int
		if err := syscall.Pipe2(p[:], syscall.O_CLOEXEC); err != nil {
			return nil, err
		}
		l.from[i], l.were[i] = p[0], *file
		*file = os.NewFile(uintptr(p[1]), (*file).Name())
	}
	for i := range l.from {
		go l.relay(i)
	}
	return l, nil
}

// relay takes what is logged while a handler runs: a pipe that is full would stop
// it.
func (l *logPipes) relay(stream int) {
	for {
		l.await(stream)
		l.take(stream)
	}
}

// settle takes all that was logged so far.
func (l *logPipes) settle() {
	for stream := range l.from {
		l.take(stream)
	}
}

// take writes what is in a pipe to the log. Who finds nothing there has waited
// until others have written what they took.
func (l *logPipes) take(stream int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for left := l.waiting(stream); left > 0; {
		n := l.piece(stream, left)
		if n == 0 {
			return
		}
		left -= n
	}
}

func (l *logPipes) piece(stream, most int) int {
	var b [16 << 10]byte
	for {
		n, err := syscall.Read(l.from[stream], b[:min(most, len(b))])
		if err == syscall.EINTR {
			continue
		}
		n = max(n, 0)
		l.logs.Write(stream, b[:n])
		return n
	}
}

// waiting is how many bytes are in a pipe.
func (l *logPipes) waiting(stream int) int {
	var n int32
	if _, _, err := syscall.Syscall(syscall.SYS_IOCTL, uintptr(l.from[stream]), syscall.TIOCINQ, uintptr(unsafe.Pointer(&n))); err != 0 {
		return 0
	}
	return int(n)
}

// await waits until there is something in a pipe.
func (l *logPipes) await(stream int) {
	p := struct {
		fd              int32
		events, revents int16
	}{fd: int32(l.from[stream]), events: 1}
	syscall.Syscall6(syscall.SYS_PPOLL, uintptr(unsafe.Pointer(&p)), 1, 0, 0, 0, 0)
}
