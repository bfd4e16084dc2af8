//go:build linux

package http1

import "bytes"

// parse looks whether the buffer holds a whole request, or the whole header of one that is streamed.
func (c *conn) parse() (done bool, err error) {
	if c.headEnd == 0 {
		if done, err = c.takeHead(); !done || err != nil {
			return false, err
		}
	}
	switch max := c.server.MaxBody; {
	case c.request.body != nil:
		return true, nil
	case c.head.length > max:
		return false, tooLarge()
	case c.head.length >= 0:
		end := c.headEnd + int(c.head.length)
		if c.n < end {
			return false, nil
		}
		c.bodyEnd, c.next = end, end
	default:
		read, written, err := c.chunks.decode(c.buf[c.bodyEnd:], c.buf[c.next:c.n])
		c.next += read
		c.bodyEnd += written
		if err != nil {
			return false, err
		}
		if int64(c.bodyEnd-c.headEnd) > max {
			return false, tooLarge()
		}
		if c.chunks.state != chunksDone {
			c.n, c.next = c.bodyEnd, c.bodyEnd // every byte was read, its room can be used again
			return false, nil
		}
		c.settle()
	}
	c.request.Body = c.buf[c.headEnd:c.bodyEnd]
	return true, nil
}

// takeHead reports whether the whole header is there and noted.
func (c *conn) takeHead() (done bool, err error) {
	start := 0 // empty lines before a request are read over (RFC 9112, section 2.2)
	for c.n-start >= 2 && c.buf[start] == '\r' && c.buf[start+1] == '\n' {
		start += 2
	}
	if start > 0 {
		c.n = copy(c.buf, c.buf[start:c.n])
		c.scanned = 0
	}
	i := bytes.Index(c.buf[c.scanned:c.n], []byte("\r\n\r\n"))
	if i < 0 {
		if err := lineEnds(c.buf[:c.n], c.scanned); err != nil {
			return false, err
		}
		c.scanned = max(0, c.n-3)
		if c.n > maxHead {
			return false, headTooLarge(c.buf[:c.n])
		}
		return false, nil
	}
	end := c.scanned + i + 4
	if end > maxHead {
		return false, headTooLarge(c.buf[:end])
	}
	if c.head, err = parseHead(c.buf[:end]); err != nil {
		return false, err
	}
	c.headEnd, c.bodyEnd, c.next = end, end, end
	c.request = Request{Method: c.head.method, Path: c.head.path, conn: c, close: c.head.close}
	if c.server.Handler.Streams(c.head.method, c.head.path) {
		c.request.body = &Body{conn: c, left: c.head.length}
		if c.wake == nil {
			c.wake = make(chan struct{}, 1)
		}
	}
	return true, nil
}

// lineEnds refuses a line that does not end in CR LF before the header is whole: its sender may have ended it with LF
// alone, and waits.
func lineEnds(b []byte, from int) error {
	for i := from; ; i++ {
		next := bytes.IndexByte(b[i:], '\n')
		if next < 0 {
			return nil
		}
		if i += next; i == 0 || b[i-1] != '\r' {
			return noLineEnd()
		}
	}
}

func noLineEnd() error { return bad("a header line does not end in CR LF") }

func tooLarge() error { return &refusal{413, "the body is larger than this server takes"} }

// headTooLarge says which part of a header is too large.
func headTooLarge(b []byte) error {
	if bytes.IndexByte(b[:maxLine+len("\r\n")], '\n') < 0 {
		return lineTooLong()
	}
	return &refusal{431, "the header is larger than 32 KiB"}
}

func lineTooLong() error { return &refusal{414, "the request line is longer than 8 KiB"} }
