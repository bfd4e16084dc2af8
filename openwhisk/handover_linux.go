package openwhisk

import (
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/whisk"
)

// handed is the place that a proxy left to this program. It is a global because init makes it.
var handed = &handover{file: -1}

// A handover is a proxy's place, of which only the /init is still to be answered.
type handover struct {
	file    int // the file of http1, or a socket for the report of a rehearsal; -1 for no handover
	bequest *whisk.Bequest

	mu      sync.Mutex
	request *http1.Request // the /init, once it was taken over
	over    chan struct{}  // closed when it is answered
}

// init takes a proxy's handover. It has to be an init: it runs before package main's own initialisers, so that these
// see the environment as /init gives it, and do not keep /init waiting for ever. (Those of packages that main imports
// may run before it.)
func init() {
	text, there := os.LookupEnv(native.HandoverVariable)
	digits, value, given := strings.Cut(text, "=")
	file, err := strconv.Atoi(digits)
	if !there || err != nil || len(digits) != native.HandoverDigits {
		return
	}
	if !isSocket(file) { // no other start of a program has one here
		note, ok := http1.Note(file)
		if !ok {
			return
		}
		bequest, ok := whisk.ReadBequest(note)
		if !ok {
			return
		}
		handed.bequest = &bequest
		handed.over = make(chan struct{})
		go handed.guard()
	}
	handed.file = file
	sys.CloseOnExecFrom(syscall.Stderr + 1)
	if os.Unsetenv(native.HandoverVariable); given {
		os.Setenv(native.HandoverVariable, value)
	}
}

// handedOver reports whether a proxy started this program to take its place.
func handedOver() bool { return handed.file >= 0 }

func isSocket(fd int) bool {
	var stat syscall.Stat_t
	return syscall.Fstat(fd, &stat) == nil && stat.Mode&syscall.S_IFMT == syscall.S_IFSOCK
}

// guard answers the /init when the program is not ready in time, or is told to end before. It is a second line: the
// rehearsal has found most failures.
func (h *handover) guard() {
	var late <-chan time.Time
	if h.bequest.Until != 0 {
		late = time.After(time.Duration(h.bequest.Until.Left()))
	}
	ends := notified([]syscall.Signal{syscall.SIGTERM, syscall.SIGINT})
	select {
	case <-late:
		h.refuse(502, "cannot start action: it was not ready in time, though it was when it rehearsed its start")
		fail("it was not ready in time")
	case <-ends:
		h.refuse(503, "the action is shutting down")
		os.Exit(0)
	case <-h.over:
		signal.Stop(ends)
	}
}

// refuse answers the /init with an error, unless it was answered. The program is to end then.
func (h *handover) refuse(status int, reason string) {
	if h.bequest == nil {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	select {
	case <-h.over:
		return
	default:
	}
	close(h.over)
	answer := append(jsonscan.AppendQuoted([]byte(`{"error":`), reason), '}')
	if h.request == nil {
		http1.AnswerHandover(h.file, status, answer)
	} else {
		h.request.AnswerLast(status, answer)
	}
}

// takeOver goes on where the proxy stopped, and answers the /init that brought the program.
func (h *handover) takeOver(p *program, server *http1.Server, service *whisk.Service, action *inProcess) {
	h.mu.Lock()
	request, err := server.TakeOver(h.file)
	h.request = request
	h.mu.Unlock()
	if err != nil {
		fail("cannot take over from the proxy: " + err.Error())
	}
	if err := p.initialize(); err != nil {
		action.logs.settle()
		h.refuse(502, "cannot start action: "+err.Error())
		fail("cannot start action: " + err.Error())
	}
	service.Preset(action, true)
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.over)
	request.Answer(200, []byte("OK"))
}

// rehearse tells the proxy whether this program is ready, and ends it: the next start is the real one.
func (p *program) rehearse() {
	err := p.initialize()
	if err != nil {
		syscall.Write(handed.file, []byte(native.NotReady+strings.ReplaceAll(err.Error(), "\n", " | ")+"\n"))
		os.Exit(1)
	}
	syscall.Write(handed.file, []byte(native.Ready+"\n"))
	p.shutdown(time.Second)
	os.Exit(0)
}
