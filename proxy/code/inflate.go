package code

import (
	"encoding/binary"
	"errors"
	"io"
)

// An inflater decodes DEFLATE (RFC 1951). It accepts the same streams as compress/flate (a fuzz test compares them),
// which would link fmt, reflect and os into the proxy: 197 KB, a tenth of its size.
//
// Read returns io.EOF after the last block; the input then stands at the byte after it.
type inflater struct {
	in    *input
	bits  uint64 // the next bits, the first one lowest
	count uint   // how many of them there are

	window  [windowSize]byte // the decoded bytes, as a ring
	given   int              // window[given:at] was not read yet
	at      int
	wrapped bool // the ring was filled once

	block    blockKind
	last     bool // the block is the last one
	left     int  // bytes of a stored block
	length   int  // bytes of a copy that waits for room in the window
	distance int

	literals, distances huffman
	err                 error
}

// windowSize is how far back a copy may reach, in bytes (RFC 1951, 2).
const windowSize = 32 << 10

type blockKind byte

const (
	blockNone blockKind = iota
	blockStored
	blockCompressed
)

var (
	errDeflate = errors.New("its compressed data is malformed")
	errCutOff  = errors.New("it is cut off")
)

func (d *inflater) reset(in *input) {
	d.in, d.bits, d.count = in, 0, 0
	d.given, d.at, d.wrapped = 0, 0, false
	d.block, d.last, d.length, d.err = blockNone, false, 0, nil
}

// Read implements io.Reader.
func (d *inflater) Read(b []byte) (int, error) {
	for d.given == d.at {
		if d.err != nil {
			return 0, d.err
		}
		if d.at == windowSize {
			d.given, d.at, d.wrapped = 0, 0, true
		}
		d.err = d.step()
	}
	n := copy(b, d.window[d.given:d.at])
	d.given += n
	return n, nil
}

// step decodes until the window is full or a block begins or ends.
func (d *inflater) step() error {
	switch {
	case d.block == blockStored:
		return d.stored()
	case d.block == blockCompressed:
		return d.compressed()
	case d.last:
		d.giveBack()
		return io.EOF
	}
	return d.begin()
}

// refill makes sure of 56 bits, or of all that there are.
func (d *inflater) refill() {
	in := d.in
	if in.full-in.at >= 8 {
		d.bits |= binary.LittleEndian.Uint64(in.buf[in.at:]) << d.count
		in.at += int(63-d.count) >> 3
		d.count |= 56
		return
	}
	for d.count < 56 {
		c, ok := in.byte()
		if !ok {
			return
		}
		d.bits |= uint64(c) << d.count
		d.count += 8
	}
}

// giveBack gives whole bytes back to the input and drops the bits before them.
func (d *inflater) giveBack() {
	d.in.at -= int(d.count / 8)
	d.bits, d.count = 0, 0
}

// take returns n bits, at most 16. The caller has refilled.
func (d *inflater) take(n uint) (int, error) {
	if d.count < n {
		return 0, d.in.ended(errCutOff)
	}
	v := int(d.bits & (1<<n - 1))
	d.bits >>= n
	d.count -= n
	return v, nil
}

// symbol takes the next code of h. The caller has refilled.
func (d *inflater) symbol(h *huffman) (int, error) {
	symbol, n := h.decode(d.bits)
	switch {
	case d.count < n:
		return 0, d.in.ended(errCutOff)
	case symbol < 0 && d.count < maxCode:
		return 0, d.in.ended(errCutOff)
	case symbol < 0:
		return 0, errDeflate
	}
	d.bits >>= n
	d.count -= n
	return symbol, nil
}

// stored copies a block that is not compressed.
func (d *inflater) stored() error {
	for d.left > 0 && d.at < windowSize {
		if d.in.at == d.in.full && !d.in.fill() {
			return d.in.ended(errCutOff)
		}
		n := copy(d.window[d.at:min(windowSize, d.at+d.left)], d.in.buf[d.in.at:d.in.full])
		d.in.at += n
		d.at += n
		d.left -= n
	}
	if d.left == 0 {
		d.block = blockNone
	}
	return nil
}

// compressed decodes literals and copies until the window is full or the block ends.
func (d *inflater) compressed() error {
	const endOfBlock = 256
	for d.at < windowSize {
		if d.length > 0 {
			d.copy()
			continue
		}
		d.refill()
		symbol, err := d.symbol(&d.literals)
		switch {
		case err != nil:
			return err
		case symbol < endOfBlock:
			d.window[d.at] = byte(symbol)
			d.at++
		case symbol == endOfBlock:
			d.block = blockNone
			return nil
		default:
			if err := d.match(symbol); err != nil {
				return err
			}
		}
	}
	return nil
}

// match reads the rest of a copy whose length has the given symbol.
func (d *inflater) match(symbol int) error {
	const firstLength, lengths = 257, 29
	if symbol -= firstLength; symbol >= lengths {
		return errDeflate
	}
	more, err := d.take(uint(lengthBits[symbol]))
	if err != nil {
		return err
	}
	length := int(lengthBase[symbol]) + more
	if symbol, err = d.symbol(&d.distances); err != nil {
		return err
	}
	if symbol >= len(distanceBase) {
		return errDeflate
	}
	if more, err = d.take(uint(distanceBits[symbol])); err != nil {
		return err
	}
	distance := int(distanceBase[symbol]) + more
	if distance > d.at && !d.wrapped {
		return errDeflate
	}
	d.length, d.distance = length, distance
	return nil
}

// copy repeats the bytes that stand distance bytes before, as far as the window has room. It may read bytes that it has
// written itself.
func (d *inflater) copy() {
	from := d.at - d.distance
	if from < 0 {
		from += windowSize
	}
	n := min(d.length, windowSize-d.at, windowSize-from)
	if n <= d.distance {
		n = copy(d.window[d.at:d.at+n], d.window[from:])
		d.at += n
	} else {
		for end := d.at + n; d.at < end; d.at++ {
			d.window[d.at] = d.window[from]
			from++
		}
	}
	d.length -= n
}
