//go:build linux

package whisk

import (
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/stream"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// socket is the way to OpenServerless' streamer, which listens where the parameters say: a connection of its own, which
// is there from the beginning of the run to its end. The result is the answer of /run, after that.
type socket struct {
	run       *run
	fd        int // -1 once it is closed
	connected bool
	out       []byte // was not taken
	then      func() // is called when it is closed
}

// dial has the stream of a run go where its parameters say, if they do, as far as the image allows it. It returns why
// it goes nowhere.
func (r *run) dial() error {
	s := r.service
	target, asked, err := stream.ReadTarget(r.Value)
	if !asked {
		return nil
	}
	if err == nil {
		err = s.config.StreamHosts.Check(target, isOwn, uint16(s.Server.Port()))
	}
	w := &socket{run: r, fd: -1}
	r.way = w
	if err == nil {
		w.fd, err = connect(target)
	}
	if err == nil {
		err = s.loop.Add(w.fd, epoll.Out|epoll.Left, w)
	}
	if err != nil {
		w.close()
		return err
	}
	s.watch(r)
	return nil
}

// newSocket returns a socket for addresses of the kind, and how the system calls name this one.
func newSocket(target stream.Target) (fd int, address syscall.Sockaddr, err error) {
	family := syscall.AF_INET6
	if b, ok := target.Address.As4(); ok {
		family, address = syscall.AF_INET, &syscall.SockaddrInet4{Port: int(target.Port), Addr: b}
	} else {
		address = &syscall.SockaddrInet6{Port: int(target.Port), Addr: target.Address}
	}
	fd, err = syscall.Socket(family, syscall.SOCK_STREAM|syscall.SOCK_NONBLOCK|syscall.SOCK_CLOEXEC, 0)
	return fd, address, err
}

// connect begins a connection.
func connect(target stream.Target) (int, error) {
	fd, address, err := newSocket(target)
	if err != nil {
		return -1, stream.TargetError(err.Error())
	}
	syscall.SetsockoptInt(fd, syscall.IPPROTO_TCP, syscall.TCP_NODELAY, 1)
	if err = syscall.Connect(fd, address); err != nil && err != syscall.EINPROGRESS {
		syscall.Close(fd)
		return -1, stream.TargetError(err.Error())
	}
	return fd, nil
}

// isOwn reports whether an address is one of this machine's: nobody binds to another's.
func isOwn(a stream.Address) bool {
	fd, address, err := newSocket(stream.Target{Address: a})
	if err == nil {
		err = syscall.Bind(fd, address)
		syscall.Close(fd)
	}
	return err == nil
}

// Ready implements epoll.Handler.
func (w *socket) Ready(events uint32) {
	if !w.connected {
		if number, err := syscall.GetsockoptInt(w.fd, syscall.SOL_SOCKET, syscall.SO_ERROR); err != nil || number != 0 {
			w.fail(stream.TargetError(syscall.Errno(number).Error()).Error())
			return
		}
		w.connected = true
	}
	if events&epoll.Lost != 0 {
		w.fail(textLeft)
		return
	}
	w.write()
	w.run.taken()
}

// textLeft is the end of a stream whose reader has left.
const textLeft = "the reader of the stream has left"

// fail ends the stream before the run's end.
func (w *socket) fail(reason string) {
	w.run.logLine(native.Stderr, reason)
	w.run.lost = reason
	w.close()
	if then := w.then; then != nil {
		w.then = nil
		then()
		return
	}
	w.run.service.action.Cancel(&w.run.Run)
}

func (w *socket) close() {
	w.out = nil
	w.run.service.loop.Close(&w.fd)
}

// write writes as much of the kept bytes as the socket takes, and ends the connection after the last of them.
func (w *socket) write() {
	if len(w.out) > 0 {
		n, err := sys.WriteNow(w.fd, w.out)
		if err != nil && err != syscall.EAGAIN {
			w.run.service.loop.Post(func() {
				if w.fd >= 0 {
					w.fail(textLeft)
				}
			})
			return
		}
		w.out = w.out[n:]
	}
	events := uint32(epoll.Left)
	if len(w.out) > 0 {
		events |= epoll.Out
	} else if w.then != nil {
		w.close()
		w.run.service.loop.Post(w.then)
		return
	}
	w.run.service.loop.Set(w.fd, events)
}

// begin implements way: the streamer has no place for a head.
func (w *socket) begin(stream.Header) {}

func (w *socket) add(piece []byte, line bool) (kept int, lost string) {
	if w.fd < 0 {
		return 0, w.run.lost
	}
	idle := len(w.out) == 0
	w.out = append(w.out, piece...)
	if line {
		w.out = append(w.out, '\n')
	}
	if idle && w.connected {
		w.write()
	}
	return len(w.out), ""
}

// whole implements way: the answer waits for the end of the connection, and needs memory of its own.
func (w *socket) whole(b []byte, failed Failure) []byte {
	if failed.Status != 200 {
		return nil
	}
	return append([]byte(nil), b...)
}

func (w *socket) ends([]byte, Failure) bool { return false }

func (w *socket) waits(then func()) bool {
	if w.fd < 0 {
		return false
	}
	if w.then = then; w.connected {
		w.write()
	}
	return true
}

func (w *socket) untaken() (kept, all int) {
	if !w.connected {
		return len(w.out), 1
	}
	return len(w.out), len(w.out) + sys.Unsent(w.fd)
}

func (w *socket) lose(reason string) {
	if w.fd >= 0 {
		w.fail(reason)
	}
}
