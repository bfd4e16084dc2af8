//go:build linux

package native

// held is the end of each stream of logs that are kept back.
type held [2][]byte

// mostHeld is how much is kept of each stream, in bytes.
const mostHeld = 64 << 10

// heldLogs returns logs that are written nowhere until they are released, if they ever are.
func heldLogs() *Logs { return &Logs{held: &held{}} }

func (h *held) write(stream int, b []byte) {
	all := append(h[stream], b...) // and not b, for then every caller's b would be on the heap
	h[stream] = append(all[:0], all[max(0, len(all)-mostHeld):]...)
}

// release writes the held logs to others, and returns the last lines: of stderr, where a program says why it ends, and
// of stdout if there is room.
func (h *held) release(to *Logs) string {
	to.keepTail()
	for stream, b := range h {
		if len(b) > 0 && b[len(b)-1] != '\n' {
			b = append(b, '\n')
		}
		to.Write(stream, b)
	}
	return to.lastLines()
}
