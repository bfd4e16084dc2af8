package http1

// chunks decodes a body that comes in chunks (RFC 9112, section 7.1), whatever
// pieces it arrives in. Extensions and trailer fields are read over.
type chunks struct {
	state  chunkState
	left   int64 // bytes of the chunk that have not come yet
	digits int   // of its size
	line   int   // bytes of the current extension, or of all trailers
	blank  bool  // the trailer line is empty so far
}

type chunkState byte

const (
	chunkSize chunkState = iota
	chunkExtension
	chunkSizeLF
	chunkData
	chunkDataCR
	chunkDataLF
	trailer
	trailerLF
	chunksDone
)

// decode moves the chunks' contents in src to dst, which may be the same
// memory. It returns how much it read and wrote, and stops where the body ends.
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

func (c *chunks) step(b byte) error {
	switch c.state {
	case chunkSize:
		return c.size(b)
	case chunkExtension:
		if c.line++; b == '\r' {
			c.state = chunkSizeLF
		} else if b == '\n' || c.line > maxLine {
			return bad("malformed chunk extension")
		}
	case chunkSizeLF:
		if b != '\n' {
			return bad("a chunk size does not end in CR LF")
		}
		if c.state = chunkData; c.left == 0 {
			c.state, c.line, c.blank = trailer, 0, true
		}
	case chunkDataCR:
		if b != '\r' {
			return bad("a chunk is longer than it says")
		}
		c.state = chunkDataLF
	case chunkDataLF:
		if b != '\n' {
			return bad("a chunk does not end in CR LF")
		}
		c.state, c.digits = chunkSize, 0
	case trailer:
		if c.line++; b == '\r' {
			c.state = trailerLF
		} else if b == '\n' || c.line > maxLine {
			return bad("malformed trailer")
		} else {
			c.blank = false
		}
	case trailerLF:
		if b != '\n' {
			return bad("a trailer line does not end in CR LF")
		}
		if c.state = trailer; c.blank {
			c.state = chunksDone
		}
		c.blank = true
	}
	return nil
}

func (c *chunks) size(b byte) error {
	if v := unhex(b); v <= 15 {
		if c.digits == 0 {
			c.left = 0
		}
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
		c.state, c.line = chunkExtension, 0
	default:
		return bad("malformed chunk size")
	}
	return nil
}
