//go:build linux

package native

import (
	"strconv"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/sys"
)

// Lines is a long-lived child that speaks version 2: runs overlap, stream and are cancelled, and each line says which
// run it belongs to.
//
// A run passes through like this. Start makes an id that nobody can guess, and puts "run ID ACTIVATION DEADLINE VALUE"
// into the feed, which Flush writes to the child, with others, and goes on with when the pipe has room. hears reads all
// of the child's output that is there, and lines takes it apart. A line with the id of an open run goes to that run
// (words.go): head, out, put and out64 to its owner, who brings the stream to its reader; log to its log; more is kept
// for the line that it begins. A line with any other id, and one without, is a line of log that belongs to no run. With
// end the id is gone, and the owner gets the result where it stands in the buffer. When its reader has left or its
// deadline is near, Cancel writes "cancel ID" before everything that waits in the feed; the run stays open until its
// end. While the reader of the only run takes nothing, Hold stops the reading. When the child ends, the lines that are
// in the pipe count first, and then all open runs have the error of its end.
type Lines struct {
	mortal
	most    int  // runs at a time
	request bool // it gets the whole request

	first   int // of the first line in the buffer that was not seen to
	scanned int // no line ends before here
	feed    feed
	waiting bool // for room in the child's input

	open   map[string]*openRun // by id
	isOpen func(id []byte) bool
	ids    ids
	alarm  alarm

	lent  bool // the buffer, to the owner of a run that ends
	taken bool // by an owner that keeps it
	held  bool // no lines are taken for now
	gone  bool // the child has ended meanwhile
}

// openRun is a run whose end was not read.
type openRun struct {
	run       *Run
	id        string
	cancelAt  int64 // when its deadline is near, 0 for never
	cancelled bool
	begun     bool     // its stream
	more      [][]byte // beginnings of lines, by word
	kept      int      // bytes of them
	err       error    // of its end, whatever that says
}

// newLines goes on with a child that was greeted.
func newLines(l *Loop, said greeting) *Lines {
	c := &Lines{most: said.concurrency, request: said.request, open: map[string]*openRun{}}
	c.mortal, c.runs = l.mortal, c
	c.in.most += len("end  ") + idLength
	c.isOpen = func(id []byte) bool { return c.open[string(id)] != nil }
	return c
}

// begin joins the loop, which calls it, and sees to the lines behind the handshake.
func (l *Lines) begin() {
	l.child.join(l)
	l.lines()
}

// Takes implements Action.
func (l *Lines) Takes() bool {
	return l.dead != "" || l.ending == nil && len(l.open) < l.most
}

// Start implements Action.
func (l *Lines) Start(r *Run) {
	if r.Log = nil; l.most > 1 {
		r.Log = l.child.host.Logs.newBlock(r)
	} else {
		l.child.host.Logs.Begin(r)
	}
	if l.dead != "" {
		r.Done(nil, &ExitError{Reason: l.dead, Before: true})
		return
	}
	o := &openRun{run: r, id: l.ids.next()}
	r.open = o
	l.open[o.id] = o
	if l.held { // it is not alone any more
		l.Hold(nil, false)
	}
	text := r.Value
	if l.request {
		text = r.Body
	}
	l.feed.run(o, text)
	l.watch(o)
}

// appendRun appends the words of a run.
func (o *openRun) appendRun(b []byte) []byte {
	b = append(append(b, "run "...), o.id...)
	b = append(b, ' ')
	b = append(appendActivation(b, o.run.ID), ' ')
	if o.run.Deadline == 0 {
		return append(b, "- "...)
	}
	return append(strconv.AppendInt(b, o.run.Deadline, 10), ' ')
}

// appendActivation appends the id of an activation, which is a JSON value, or - where it is none.
func appendActivation(b, id []byte) []byte {
	const most = 64
	if len(id) < 3 || len(id) > most+2 || id[0] != '"' {
		return append(b, '-')
	}
	id = id[1 : len(id)-1]
	for _, c := range id {
		if !('0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z' || c == '-') {
			return append(b, '-')
		}
	}
	return append(b, id...)
}

// Flush writes the lines of the runs that were started.
func (l *Lines) Flush() {
	if !l.feed.isEmpty() && !l.waiting {
		l.send()
	}
}

// send writes as much of the feed as the pipe takes, and has the loop wait for room for the rest.
func (l *Lines) send() {
	if l.ending != nil {
		return
	}
	done, err := l.feed.write(l.child.stdin)
	if err != nil { // it closed its input: it takes no run any more
		l.feed.lines, l.feed.begun = nil, false
		l.child.host.Loop.Post(l.ends)
		done = true
	}
	if done == l.waiting {
		l.waiting = !done
		l.child.awaitRoom(!done)
	}
}

// feeds implements owner.
func (l *Lines) feeds() {
	switch {
	case !l.feed.isEmpty():
		l.send()
	case sys.Unread(l.child.stdin) > 0: // it closed its input with runs in it
		l.ends()
	default: // it closed its input, and may still end the runs that it has read
		l.child.host.Loop.Set(l.child.stdin, epoll.Once)
	}
}

// hears implements owner.
func (l *Lines) hears() {
	switch logs := l.child.host.Logs; {
	case l.held:
	case logs.full(): // writers of log wait for its reader
		l.pause(true)
		logs.AfterDrain(func() { l.pause(l.held) })
	default:
		l.read()
	}
}

// pause has the loop wait for no more output, or go on.
func (l *Lines) pause(paused bool) {
	events := uint32(epoll.In)
	if paused {
		events = epoll.Once
	}
	if l.ending == nil && l.child.result >= 0 {
		l.child.host.Loop.Set(l.child.result, events)
	}
}

// read reads once, and sees to the lines that came. It returns how many bytes that were.
func (l *Lines) read() int {
	piece, open := l.in.read(l.child.result)
	if len(piece) == 0 && !open {
		l.child.host.Loop.Close(&l.child.result)
		l.ends()
	}
	l.lines()
	return len(piece)
}

// ends implements owner: the lines that are here count first.
func (l *Lines) ends() {
	if l.ending != nil {
		return
	}
	for left := sys.Unread(l.child.result); left > 0 && !l.held && l.ending == nil; {
		n := l.read()
		if n == 0 {
			break
		}
		left -= n
	}
	switch {
	case l.held:
		l.gone = true
		l.child.host.Loop.Set(l.child.exit, epoll.Once)
	case l.ending == nil:
		if l.in.n > HeadRoom { // a line without its end is none
			l.stray(l.in.buf[HeadRoom:l.in.n])
		}
		l.died(false)
	}
}

// fail implements failing.
func (l *Lines) fail(err error) {
	l.alarm.stop(l.child.host.Loop)
	l.feed.lines, l.feed.begun = nil, false
	for _, o := range l.open {
		l.over(o, nil, err)
	}
}

// over ends a run.
func (l *Lines) over(o *openRun, b []byte, err error) {
	delete(l.open, o.id)
	l.feed.keep(o)
	o.run.open = nil
	o.run.Done(b, err)
}

// Settle implements Action.
func (l *Lines) Settle(b []byte, free bool) {
	if l.lent {
		l.lent, l.taken = false, !free
	}
}
