package code

import (
	"encoding/binary"
	"errors"
	"io"
)

// A gunzip reads a gzip file (RFC 1952) of one or more members, and checks their sums.
type gunzip struct {
	in      *input
	inflate *inflater
	sum     summing
	size    uint32
	err     error
}

// The flags of a member's header.
const (
	gzipHasSum     = 1 << 1
	gzipHasExtra   = 1 << 2
	gzipHasName    = 1 << 3
	gzipHasComment = 1 << 4
	gzipReserved   = 7 << 5
)

func newGunzip(in *input, inflate *inflater) *gunzip {
	z := &gunzip{in: in, inflate: inflate}
	z.err = z.header()
	return z
}

// Read implements io.Reader.
func (z *gunzip) Read(b []byte) (int, error) {
	for z.err == nil {
		n, err := z.inflate.Read(b)
		z.sum.Write(b[:n])
		z.size += uint32(n)
		switch err {
		case nil:
			return n, nil
		case io.EOF:
			z.err = z.trailer()
		default:
			z.err = err
		}
	}
	return 0, z.err
}

// header reads a member's header and prepares for its content.
func (z *gunzip) header() error {
	var h [10]byte
	if err := z.whole(h[:]); err != nil {
		return err
	}
	flags := h[3]
	if h[0] != 0x1f || h[1] != 0x8b || h[2] != 8 || flags&gzipReserved != 0 {
		return errors.New("it has no gzip header")
	}
	skip := 0
	if flags&gzipHasExtra != 0 {
		var size [2]byte
		if err := z.whole(size[:]); err != nil {
			return err
		}
		skip = int(binary.LittleEndian.Uint16(size[:]))
	}
	if err := z.skip(skip); err != nil {
		return err
	}
	for _, flag := range []byte{gzipHasName, gzipHasComment} {
		if flags&flag != 0 {
			if err := z.skipText(); err != nil {
				return err
			}
		}
	}
	if flags&gzipHasSum != 0 {
		if err := z.skip(2); err != nil {
			return err
		}
	}
	z.sum.sum, z.size = 0, 0
	z.inflate.reset(z.in)
	return nil
}

// trailer checks a member's sums and goes to the next member; io.EOF is that there is none. Zeros fill a tape's last
// block.
func (z *gunzip) trailer() error {
	var t [8]byte
	if err := z.whole(t[:]); err != nil {
		return err
	}
	if binary.LittleEndian.Uint32(t[:]) != z.sum.sum || binary.LittleEndian.Uint32(t[4:]) != z.size {
		return errSum
	}
	for {
		c, ok := z.in.byte()
		if !ok {
			return z.in.ended(io.EOF)
		}
		if c != 0 {
			z.in.at--
			return z.header()
		}
	}
}

var errSum = errors.New("its checksum is wrong")

func (z *gunzip) whole(b []byte) error {
	_, err := io.ReadFull(z.in, b)
	return cutOff(err)
}

func (z *gunzip) skip(n int) error {
	for ; n > 0; n-- {
		if _, ok := z.in.byte(); !ok {
			return z.in.ended(errCutOff)
		}
	}
	return nil
}

// skipText passes over a text that ends in zero.
func (z *gunzip) skipText() error {
	for {
		c, ok := z.in.byte()
		switch {
		case !ok:
			return z.in.ended(errCutOff)
		case c == 0:
			return nil
		}
	}
}
