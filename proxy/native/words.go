//go:build linux

package native

import (
	"bytes"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/stream"
)

// lines sees to the lines that are complete, as long as they are taken.
func (l *Lines) lines() {
	if l.first == 0 {
		l.first, l.scanned = HeadRoom, HeadRoom
	}
	for !l.held && l.ending == nil {
		i := bytes.IndexByte(l.in.buf[l.scanned:l.in.n], '\n')
		if i < 0 {
			l.scanned = l.in.n
			break
		}
		line := l.in.buf[l.first : l.scanned+i]
		l.first = l.scanned + i + 1
		l.scanned = l.first
		l.line(line)
	}
	if l.ending != nil { // the buffer is not ours any more: see tooLong
		return
	}
	if l.first > HeadRoom {
		l.move(l.in.buf)
	}
	if l.scanned == l.in.n && l.in.isFull(l.in.n) {
		l.tooLong(&LengthError{Most: l.child.host.MaxLine})
	}
}

// move moves the rest of the buffer to the beginning of b, or of a smaller one.
func (l *Lines) move(b []byte) {
	left := l.in.buf[l.first:l.in.n]
	if len(b) > keptBuffer && len(left) < loopBuffer-HeadRoom || b == nil {
		b = make([]byte, max(loopBuffer, HeadRoom+len(left)))
	}
	l.in.n = HeadRoom + copy(b[HeadRoom:], left)
	l.scanned -= l.first - HeadRoom
	l.first, l.in.buf = HeadRoom, b
}

// line sees to a line.
func (l *Lines) line(text []byte) {
	line := stream.Read(text, l.isOpen)
	if line.Word == stream.NoWord {
		l.stray(line.Text)
		return
	}
	o := l.open[string(line.ID)]
	if len(line.Before) > 0 {
		l.log(o, line.Before)
	}
	if line.Word == stream.More {
		l.more(o, line.As, line.Text)
		return
	}
	whole := o.whole(line.Word, line.Text)
	if most := l.child.host.MaxLine; int64(len(whole)) > most {
		if len(whole) == len(line.Text) {
			l.tooLong(&LengthError{Most: most})
			return
		}
		l.overflow(o)
	}
	switch line.Word {
	case stream.Head:
		l.head(o, whole)
	case stream.Out, stream.Put:
		o.begun = true
		o.run.Piece(whole, line.Word == stream.Out)
	case stream.Out64:
		b, ok := stream.Decode64(whole)
		if !ok {
			l.log(o, []byte("out64: the text is not base64"))
			return
		}
		o.begun = true
		o.run.Piece(b, false)
	case stream.Log:
		l.log(o, whole)
	case stream.End:
		l.end(o, whole, len(whole) == len(line.Text))
	}
}

func (l *Lines) head(o *openRun, text []byte) {
	h, err := stream.ReadHead(text)
	if o.begun {
		err = stream.HeadError("the stream has begun")
	}
	if err != nil {
		l.log(o, []byte(err.Error()))
		return
	}
	o.begun = true
	o.run.Begin(h)
}

// end ends a run. inPlace tells that its result stands in the buffer.
func (l *Lines) end(o *openRun, result []byte, inPlace bool) {
	if l.most == 1 {
		l.child.relayAll()
	}
	if o.err != nil {
		l.over(o, nil, o.err)
		return
	}
	if !inPlace {
		l.over(o, append(make([]byte, HeadRoom, HeadRoom+len(result)), result...), nil)
		return
	}
	// A slice of the buffer has as much room behind it as the buffer has from there on. The bytes before the result
	// were seen to, and make room for the header.
	at := cap(l.in.buf) - cap(result)
	l.lent = true
	l.over(o, l.in.buf[at-HeadRoom:at+len(result)], nil)
	if l.lent || l.taken { // its owner still needs it
		l.move(nil)
	}
	l.lent, l.taken = false, false
}

// more keeps the beginning of a line.
func (l *Lines) more(o *openRun, word stream.Word, text []byte) {
	if o.more == nil {
		o.more = make([][]byte, stream.More)
	}
	if o.kept += len(text); o.kept > int(l.child.host.MaxLine) {
		l.overflow(o)
		return
	}
	o.more[word] = append(o.more[word], text...)
}

// overflow has a run end with an error that wrote one line in too many pieces.
func (l *Lines) overflow(o *openRun) {
	o.more, o.kept, o.err = nil, 0, &LengthError{Most: l.child.host.MaxLine, Alive: true}
	l.cancel(o)
}

// whole returns the text of a line, with the kept part of its beginning.
func (o *openRun) whole(word stream.Word, text []byte) []byte {
	if o.more == nil || len(o.more[word]) == 0 {
		return text
	}
	begin := o.more[word]
	o.more[word] = nil
	o.kept -= len(begin)
	return append(begin, text...)
}

// log writes a line of a run's log.
func (l *Lines) log(o *openRun, text []byte) {
	if o.run.Log != nil {
		o.run.Log.Line(text)
		return
	}
	l.child.host.Logs.Line(Stdout, string(text))
}

// noActivation begins lines of log that belong to no run, where runs overlap.
const noActivation = "[no activation] "

// stray writes a line of log that names no open run.
func (l *Lines) stray(text []byte) {
	line, logs := string(text), l.child.host.Logs
	if l.most > 1 && logs.records == nil {
		line = noActivation + line
	}
	logs.Line(Stdout, line)
}
