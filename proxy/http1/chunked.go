package http1

// maxWaste bounds the bytes of a body in chunks that are not content, beyond those that every chunk needs: without it,
// a few bytes of content could come in gigabytes of chunk extensions.
const maxWaste = 16 << 10

// chunks decodes a body that comes in chunks (RFC 9112, section 7.1), whatever pieces it arrives in. Extensions and
// trailer fields are read over.
type chunks struct {
	state  chunkState
	left   int64 // bytes of the chunk that have not come yet
	digits int   // of its size
	line   int   // bytes of the current size and extension, or of all trailers
	waste  int64 // bytes that were not content
}

type chunkState byte

const (
	chunkSize chunkState = iota
	chunkExtension
	chunkSizeLF
	chunkData
	chunkDataCR
	chunkDataLF
	trailerStart
	trailerName
	trailerValue
	trailerLF
	lastLF
	chunksDone
)

// decode moves the chunks' contents in src to dst, which may be the same memory. It returns how much it read and wrote,
// and stops where the body ends.
func (c *chunks) decode(dst, src []byte) (read, written int, err error) {
	for read < len(src) && c.state != chunksDone {
		if c.state == chunkData {
			n := int(min(c.left, int64(len(src)-read)))
			written += copy(dst[written:], src[read:read+n])
			read += n
			if c.left -= int64(n); c.left == 0 {
				c.state = chunkDataCR
			}
			continue
		}
		if err := c.step(src[read]); err != nil {
			return read, written, err
		}
		read++
	}
	return read, written, nil
}

// step reads a byte that is not content.
func (c *chunks) step(b byte) error {
	switch c.state {
	case chunkSize:
		return c.size(b)
	case chunkExtension:
		if b == '\r' {
			c.state = chunkSizeLF
		} else if c.line++; isControl(b) || c.line > maxLine {
			return bad("malformed chunk extension")
		}
	case chunkSizeLF:
		if b != '\n' {
			return bad("a chunk size does not end in CR LF")
		}
		return c.begin()
	case chunkDataCR:
		if b != '\r' {
			return bad("a chunk is longer than it says")
		}
		c.state = chunkDataLF
	case chunkDataLF:
		if b != '\n' {
			return bad("a chunk does not end in CR LF")
		}
		c.state, c.digits, c.line = chunkSize, 0, 0
	default:
		return c.trailer(b)
	}
	return nil
}

func (c *chunks) size(b byte) error {
	if v := unhex(b); v <= 15 {
		if c.digits == 0 {
			c.left = 0
		}
		c.line++
		if c.digits++; c.digits > 15 {
			return bad("malformed chunk size")
		}
		c.left = c.left<<4 | int64(v)
		return nil
	}
	switch {
	case c.digits == 0:
		return bad("malformed chunk size")
	case b == '\r':
		c.state = chunkSizeLF
	case b == ';':
		c.state = chunkExtension
	default:
		return bad("malformed chunk size")
	}
	return nil
}

// begin begins a chunk's content, or the trailer after the last.
func (c *chunks) begin() error {
	if c.left == 0 {
		c.state, c.line = trailerStart, 0
		return nil
	}
	c.state = chunkData
	// A chunk may cost 16 bytes; long ones make up for others.
	if c.waste = max(0, c.waste+int64(c.line)-16-c.left); c.waste > maxWaste {
		return bad("more chunk extensions than content")
	}
	return nil
}

// trailer skips fields after the last chunk, but they must be fields: otherwise a request that another server sees
// could be hidden here.
func (c *chunks) trailer(b byte) error {
	if c.line++; c.line > maxLine {
		return &refusal{431, "the trailer is larger than 8 KiB"}
	}
	switch {
	case c.state == trailerStart && b == '\r':
		c.state = lastLF
	case c.state == trailerStart && isTokenByte(b), c.state == trailerName && isTokenByte(b):
		c.state = trailerName
	case c.state == trailerName && b == ':':
		c.state = trailerValue
	case c.state == trailerValue && b == '\r':
		c.state = trailerLF
	case c.state == trailerValue && !isControl(b):
	case c.state == trailerLF && b == '\n':
		c.state = trailerStart
	case c.state == lastLF && b == '\n':
		c.state = chunksDone
	default:
		return bad("malformed trailer")
	}
	return nil
}
