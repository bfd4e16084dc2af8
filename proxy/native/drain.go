//go:build linux

package native

import (
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// The reader of the logs may pause, or stop for good. The loop must not wait for it: it keeps a little, makes processes
// wait that log more, and answers no run whose log is not out.

// NeverBlock makes the loop write later where a descriptor takes nothing for now. Descriptors of pipes are opened anew
// for that, since other processes may share them and expect them to block. Where that is not allowed, those of a
// process 1 are changed: it has them for itself.
func (l *Logs) NeverBlock(loop *epoll.Loop) {
	l.loop = loop
	for _, fd := range l.fd {
		var stat syscall.Stat_t
		if syscall.Fstat(fd, &stat) != nil || stat.Mode&syscall.S_IFMT != syscall.S_IFIFO {
			continue
		}
		own, err := syscall.Open("/proc/self/fd/"+string(rune('0'+fd)), syscall.O_WRONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
		switch {
		case err == nil:
			syscall.Dup3(own, fd, 0)
			syscall.Close(own)
		case syscall.Getpid() == 1:
			sys.Fcntl(fd, syscall.F_SETFL, syscall.O_NONBLOCK)
		}
	}
}

// keep keeps bytes that a descriptor does not take, until it does.
func (l *Logs) keep(stream int, b []byte) {
	if l.pending[stream] == nil {
		l.loop.Post(func() { l.loop.Add(l.fd[stream], epoll.Out, &drain{l, stream}) })
	}
	l.pending[stream] = append(l.pending[stream], b...)
}

// Pending reports whether something is still to be written.
func (l *Logs) Pending() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.isPending()
}

//go:noinline
func (l *Logs) isPending() bool { return len(l.pending[Stdout])+len(l.pending[Stderr]) > 0 }

// full reports whether so much is pending that nothing is to be added.
func (l *Logs) full() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.pending[Stdout])+len(l.pending[Stderr]) > mostPending
}

// AfterDrain has the loop call f when nothing is pending.
func (l *Logs) AfterDrain(f func()) {
	l.mu.Lock()
	l.after = append(l.after, f)
	l.mu.Unlock()
}

// settle waits until nothing is pending. It is not for the loop.
func (l *Logs) settle() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.isPending() {
		l.drained.Wait()
	}
}

// A drain writes the pending bytes of a stream.
type drain struct {
	logs   *Logs
	stream int
}

// Ready implements epoll.Handler.
func (d *drain) Ready(uint32) {
	l, fd := d.logs, d.logs.fd[d.stream]
	l.mu.Lock()
	b := l.pending[d.stream]
	n, err := sys.Write(fd, b)
	switch {
	case err == syscall.EAGAIN:
	case err != nil: // nobody reads the logs: no reason to stop serving
		b = nil
	default:
		b = b[n:]
	}
	if l.pending[d.stream] = b; len(b) == 0 {
		l.pending[d.stream] = nil
		l.loop.Remove(fd)
	}
	var after []func()
	if !l.isPending() {
		after, l.after = l.after, nil
		l.drained.Broadcast()
	}
	l.mu.Unlock()
	for _, f := range after {
		f()
	}
}
