//go:build linux

package native

import "strconv"

// A Block is the log of a run that may overlap others. It is written as a whole when the run is over, with the sentinels
// in it, so that it mixes with no other.
type Block struct {
	lines   []byte
	dropped int // bytes
	source  source
	logs    *Logs // where each line is written at once, as an object; nil where lines are kept
}

// newBlock returns the log of a run.
//
//go:noinline
func (l *Logs) newBlock(r *Run) *Block {
	if l.records == nil {
		return &Block{}
	}
	return &Block{source: sourceOf(r), logs: l}
}

// mostBlock is how much of a run's log is kept, in bytes.
const mostBlock = 64 << 10

// Line adds a line.
func (k *Block) Line(text []byte) {
	if k.logs != nil {
		k.logs.mu.Lock()
		defer k.logs.mu.Unlock()
		k.logs.record(Stdout, k.source, text)
		return
	}
	if k.dropped > 0 || len(k.lines)+len(text) >= mostBlock {
		k.dropped += len(text) + 1
		return
	}
	k.lines = append(append(k.lines, text...), '\n')
}

// Block writes the log of a run, and both sentinels, to stdout: only one stream keeps an order.
func (l *Logs) Block(k *Block) {
	if k.logs != nil {
		return
	}
	text := append([]byte{'\n'}, k.lines...)
	if k.dropped > 0 {
		text = append(text, strconv.Itoa(k.dropped)+" more bytes of this log were dropped\n"...)
	}
	text = append(append(text, Sentinel...), Sentinel...)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.end(Stdout, text)
}
