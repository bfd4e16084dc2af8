package code

import "encoding/binary"

// A summing is the check sum of zip and gzip (CRC-32 of RFC 1952) of the bytes written to it. hash/crc32 would cost
// three times as many bytes of the proxy, for a speed that inflating never reaches.
type summing struct {
	tables *sumTables // nil at first
	sum    uint32
}

// Write implements io.Writer.
func (s *summing) Write(b []byte) (int, error) {
	if s.tables == nil {
		s.tables = newSumTables()
	}
	s.sum = s.tables.add(s.sum, b)
	return len(b), nil
}

// sumTables hold the sum of each byte, and of each with one to seven zero bytes behind it.
type sumTables [8][256]uint32

func newSumTables() *sumTables {
	t := &sumTables{}
	for i := range t[0] {
		c := uint32(i)
		for range 8 {
			c = c>>1 ^ -(c&1)&0xedb88320
		}
		t[0][i] = c
	}
	for i := range t[0] {
		for n := 1; n < len(t); n++ {
			c := t[n-1][i]
			t[n][i] = t[0][byte(c)] ^ c>>8
		}
	}
	return t
}

// add goes on with a sum, eight bytes a step.
func (t *sumTables) add(sum uint32, b []byte) uint32 {
	c := ^sum
	for ; len(b) >= 8; b = b[8:] {
		c ^= binary.LittleEndian.Uint32(b)
		c = t[7][byte(c)] ^ t[6][byte(c>>8)] ^ t[5][byte(c>>16)] ^ t[4][c>>24] ^ t[3][b[4]] ^ t[2][b[5]] ^ t[1][b[6]] ^ t[0][b[7]]
	}
	for _, x := range b {
		c = t[0][byte(c)^x] ^ c>>8
	}
	return ^c
}

// overRead takes skipped bytes. io.Discard would bring buffers of its own.
type overRead struct{}

// Write implements io.Writer.
func (overRead) Write(b []byte) (int, error) { return len(b), nil }
