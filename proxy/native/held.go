//go:build linux

package native

import "bytes"

// held is what heldLogs keep.
type held struct {
	kept    [2][]byte // the last of each stream
	dropped [2]bool   // some came before that
}

// mostHeld is how much is kept of each stream, in bytes.
const mostHeld = 64 << 10

// heldLogs are written nowhere until they are released, if they ever are.
func heldLogs() *Logs {
	return &Logs{held: &held{}}
}

func (l *Logs) hold(stream int, b []byte) {
	kept := append(l.held.kept[stream], b...)
	if len(kept) > mostHeld {
		kept = append(kept[:0], kept[len(kept)-mostHeld:]...)
		l.held.dropped[stream] = true
	}
	l.held.kept[stream] = kept
}

// release writes what was kept to other logs.
func (l *Logs) release(to *Logs) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for stream, kept := range l.held.kept {
		if l.held.dropped[stream] {
			to.Line(stream, "(more was logged before)")
		}
		to.Write(stream, kept)
	}
}

// lastHeld are the last lines that were kept, on one line: of stderr, where a
// program says why it ends, and as many of stdout before them as there is room
// for.
func (l *Logs) lastHeld() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := lastOf(l.held.kept[Stderr], tailSize)
	before := lastOf(l.held.kept[Stdout], tailSize-len(last))
	if len(before) > 0 && before[len(before)-1] != '\n' {
		before = append(before, '\n')
	}
	return oneLine(append(before, last...))
}

// lastOf is a copy of the end of a text, at most so many bytes, and from the start
// of a line where there is one.
func lastOf(text []byte, most int) []byte {
	if len(text) > most {
		text = text[len(text)-most:]
		if i := bytes.IndexByte(text, '\n'); i >= 0 && i < len(text)-1 {
			text = text[i+1:]
		}
	}
	return bytes.Clone(text)
}
