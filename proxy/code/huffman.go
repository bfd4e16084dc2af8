package code

import "math/bits"

const (
	// maxCode is the longest code, in bits.
	maxCode = 15
	// fastCode is the longest code that is found in one step.
	fastCode = 10

	maxLiterals  = 288
	maxDistances = 32
)

// The lengths and distances of copies: the base of each symbol, and how many more bits follow (RFC 1951, 3.2.5).
var (
	lengthBase   = [...]uint16{3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258}
	lengthBits   = [...]byte{0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0}
	distanceBase = [...]uint16{1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577}
	distanceBits = [...]byte{0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13}
)

// A huffman is a set of prefix codes.
type huffman struct {
	fast    [1 << fastCode]uint16 // by the next bits: symbol<<4 | length, 0 for a longer code
	count   [maxCode + 1]uint16   // how many codes have a length
	symbols [maxLiterals]uint16   // ordered by code
}

// build makes the codes from the lengths of each symbol's code, 0 for none (RFC 1951, 3.2.2). A set that leaves codes
// unused is malformed, but for an empty one and one with a single code of one bit.
func (h *huffman) build(lengths []byte) error {
	*h = huffman{}
	for _, n := range lengths {
		h.count[n]++
	}
	h.count[0] = 0
	var code, first [maxCode + 2]uint16
	unused := 1
	longest := 0
	for n := 1; n <= maxCode; n++ {
		unused = unused<<1 - int(h.count[n])
		if unused < 0 {
			return errDeflate
		}
		if h.count[n] > 0 {
			longest = n
		}
		code[n+1] = (code[n] + h.count[n]) << 1
		first[n+1] = first[n] + h.count[n]
	}
	if unused > 0 && longest > 0 && (longest > 1 || h.count[1] != 1) {
		return errDeflate
	}
	for symbol, n := range lengths {
		if n == 0 {
			continue
		}
		h.symbols[first[n]] = uint16(symbol)
		first[n]++
		if n <= fastCode {
			reversed := bits.Reverse16(code[n]) >> (16 - n)
			for i := int(reversed); i < len(h.fast); i += 1 << n {
				h.fast[i] = uint16(symbol)<<4 | uint16(n)
			}
		}
		code[n]++
	}
	return nil
}

// decode returns the symbol whose code the bits begin with, and the code's length. It is negative when there is none.
func (h *huffman) decode(bits uint64) (symbol int, n uint) {
	if e := h.fast[bits&(1<<fastCode-1)]; e != 0 {
		return int(e >> 4), uint(e & 15)
	}
	code, first, index := 0, 0, 0
	for n := uint(1); n <= maxCode; n++ {
		code |= int(bits & 1)
		bits >>= 1
		count := int(h.count[n])
		if code-first < count {
			return int(h.symbols[index+code-first]), n
		}
		index += count
		first = (first + count) << 1
		code <<= 1
	}
	return -1, 0
}

// begin reads the header of a block (RFC 1951, 3.2.3).
func (d *inflater) begin() error {
	d.refill()
	header, err := d.take(3)
	if err != nil {
		return err
	}
	d.last = header&1 == 1
	switch header >> 1 {
	case 0:
		return d.beginStored()
	case 1:
		d.block = blockCompressed
		return d.fixed()
	case 2:
		d.block = blockCompressed
		return d.dynamic()
	}
	return errDeflate
}

func (d *inflater) beginStored() error {
	d.giveBack()
	d.refill()
	size, err := d.take(16)
	if err != nil {
		return err
	}
	inverse, err := d.take(16)
	if err != nil {
		return err
	}
	if size != inverse^0xffff {
		return errDeflate
	}
	d.giveBack()
	d.block, d.left = blockStored, size
	return nil
}

// fixed sets the codes of RFC 1951, 3.2.6.
func (d *inflater) fixed() error {
	var lengths [maxLiterals]byte
	for i := range lengths {
		switch {
		case i < 144:
			lengths[i] = 8
		case i < 256:
			lengths[i] = 9
		case i < 280:
			lengths[i] = 7
		default:
			lengths[i] = 8
		}
	}
	if err := d.literals.build(lengths[:]); err != nil {
		return err
	}
	for i := range lengths[:maxDistances] {
		lengths[i] = 5
	}
	return d.distances.build(lengths[:maxDistances])
}

// dynamic reads the codes that a block brings (RFC 1951, 3.2.7).
func (d *inflater) dynamic() error {
	d.refill()
	counts, err := d.take(14)
	if err != nil {
		return err
	}
	literals, distances, given := counts&31+257, counts>>5&31+1, counts>>10+4
	if literals > 286 || distances > 30 {
		return errDeflate
	}
	var lengths [maxLiterals + maxDistances]byte
	order := [19]byte{16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15}
	for _, i := range order[:given] {
		d.refill()
		n, err := d.take(3)
		if err != nil {
			return err
		}
		lengths[i] = byte(n)
	}
	if err := d.literals.build(lengths[:19]); err != nil {
		return err
	}
	clear(lengths[:19])
	if err := d.codeLengths(lengths[:literals+distances]); err != nil {
		return err
	}
	if err := d.literals.build(lengths[:literals]); err != nil {
		return err
	}
	return d.distances.build(lengths[literals : literals+distances])
}

// codeLengths reads the lengths of both sets of codes, coded by d.literals.
func (d *inflater) codeLengths(lengths []byte) error {
	for i := 0; i < len(lengths); {
		d.refill()
		symbol, err := d.symbol(&d.literals)
		if err != nil {
			return err
		}
		if symbol < 16 {
			lengths[i] = byte(symbol)
			i++
			continue
		}
		var value byte
		bits, least := uint(2), 3
		switch symbol {
		case 16:
			if i == 0 {
				return errDeflate
			}
			value = lengths[i-1]
		case 17:
			bits = 3
		default:
			bits, least = 7, 11
		}
		more, err := d.take(bits)
		if err != nil {
			return err
		}
		times := least + more
		if times > len(lengths)-i {
			return errDeflate
		}
		for range times {
			lengths[i] = value
			i++
		}
	}
	return nil
}
