package openwhisk

import (
	"os"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/stream"
)

// looped carries the stream of a run to the loop, which brings it to its reader. A writer waits until the loop has
// taken the piece, and longer where the reader is slow.
type looped struct {
	loop  *epoll.Loop
	run   *native.Run
	stop  func()    // ends the run's context
	taken chan bool // whether the piece was taken, for its writer

	// The loop's own:
	held  bool // the reader has much to take
	waits bool // a writer waits until the reader has taken it
	lost  bool // nothing is taken any more
}

func (l *looped) head(status int, header map[string][]string) {
	head, err := stream.ReadHead(appendHead(nil, status, header))
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n") // the defaults hold
		return
	}
	l.loop.Post(func() { l.run.Begin(head) })
}

func (l *looped) event(b []byte) bool {
	l.loop.Post(func() {
		if !l.lost {
			l.run.Piece(b, false)
		}
		l.waits = true
		l.answer()
	})
	return <-l.taken
}

// answer tells the waiting writer whether the piece was taken, when that is known.
func (l *looped) answer() {
	if l.waits && (l.lost || !l.held) {
		l.waits = false
		l.taken <- !l.lost
	}
}

// hold has writers wait, or go on.
func (l *looped) hold(held bool) {
	l.held = held
	l.answer()
}

// cancel ends the stream and the run's context.
func (l *looped) cancel() {
	if !l.lost {
		l.lost = true
		l.answer()
		go l.stop() // it waits for the writer
	}
}
