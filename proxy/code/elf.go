package code

import (
	"io"
	"strconv"
	"strings"
)

// The parts of the ELF format (System V ABI, and its supplements for machines) that tell whether a program can run here.
const (
	elfHeaderSize = 64 // of 64-bit programs; that of 32-bit ones is shorter, and more follows it

	elfExecutable = 2 // ET_EXEC
	elfShared     = 3 // ET_DYN: position independent, or a library

	segmentLoad    = 1 // PT_LOAD
	segmentDynamic = 2 // PT_DYNAMIC
	segmentInterp  = 3 // PT_INTERP

	tagNeeded  = 1  // DT_NEEDED
	tagStrings = 5  // DT_STRTAB
	tagRpath   = 15 // DT_RPATH
	tagRunpath = 29 // DT_RUNPATH

	maxSegments = 512
	maxDynamic  = 64 << 10
)

// machines has the e_machine numbers of common machines with Go's names.
const machines = " 3=386 8=mips 20=ppc 21=ppc64 22=s390x 40=arm 62=amd64 183=arm64 243=riscv64 258=loong64 "

// MachineOf returns the machine of an ELF header, by Go's name.
func MachineOf(h []byte) string { return formOf(h).machine(h) }

func (f *form) machine(h []byte) string {
	number := strconv.Itoa(int(f.number(h, 18, 2)))
	_, name, known := strings.Cut(machines, " "+number+"=")
	if !known {
		return "machine " + number
	}
	name, _, _ = strings.Cut(name, " ")
	if name == "ppc64" && !f.big {
		name += "le"
	}
	return name
}

// form is how an ELF file has its numbers. Where they stand follows from the size of an address.
type form struct {
	address int // bytes: 4 or 8
	big     bool
}

func formOf(h []byte) *form {
	f := &form{address: 8, big: h[5] == 2}
	if h[4] == 1 {
		f.address = 4
	}
	return f
}

// number returns the number of some bytes at an offset. It is one function, 2 KB smaller than its copies at each call.
//
//go:noinline
func (f *form) number(b []byte, at, size int) (n uint64) {
	for i := range size {
		if f.big {
			n = n<<8 | uint64(b[at+i])
		} else {
			n |= uint64(b[at+i]) << (8 * i)
		}
	}
	return n
}

// elf holds the parts of a program's headers that the checks use. A static one has neither interpreter nor libraries.
type elf struct {
	interpreter string
	needed      []string
	runpath     string // a list, as in PATH
}

type segment struct {
	kind, offset, vaddr uint64
	fileSize            uint64 // in bytes
}

// readELF reads a program's headers. Its errors are for the person who sent the program.
func readELF(file io.ReaderAt, machine string) (*elf, error) {
	var h [elfHeaderSize]byte
	if _, err := file.ReadAt(h[:], 0); err != nil {
		return nil, Refuse("the ELF file is cut off: its header is not whole")
	}
	f := formOf(h[:])
	name := f.machine(h[:])
	switch {
	case name != machine:
	case f.address == 4 && name != "arm":
		name += " with 32-bit pointers"
	case f.big && name != "s390x":
		name += " in big-endian mode"
	}
	if name != machine {
		return nil, Refuse("the program is built for ", name, ", this image runs on ", machine, " (Go: build it with GOOS=linux GOARCH=", machine, ")")
	}
	if system := h[7]; system != 0 && system != 3 { // System V, Linux
		return nil, Refuse("the program is built for another system (ELF OS/ABI ", strconv.Itoa(int(system)), "), not for Linux")
	}
	if kind := f.number(h[:], 16, 2); kind != elfExecutable && kind != elfShared {
		return nil, Refuse("the ELF file is not a program (an object file or a core dump?)")
	}
	segments, err := f.readSegments(file, h[:])
	if err != nil {
		return nil, err
	}
	e := &elf{}
	for _, s := range segments {
		switch s.kind {
		case segmentInterp:
			b := make([]byte, min(s.fileSize, 4096))
			if _, err := file.ReadAt(b, int64(s.offset)); err != nil {
				return nil, errShortELF
			}
			e.interpreter, _, _ = strings.Cut(string(b), "\x00")
		case segmentDynamic:
			if err := e.readDynamic(file, f, s, segments); err != nil {
				return nil, err
			}
		}
	}
	return e, nil
}

var errShortELF error = &Refusal{"the ELF file is cut off: it is shorter than its headers say"}

func (f *form) readSegments(file io.ReaderAt, h []byte) ([]segment, error) {
	word := f.address
	size := 6*word + 8
	offset := f.number(h, 24+word, word)
	count := int(f.number(h, 32+3*word, 2))
	if f.number(h, 30+3*word, 2) != uint64(size) || count == 0 || count > maxSegments || offset > 1<<40 {
		return nil, Refuse("the ELF file is damaged: it has no readable program headers")
	}
	table := make([]byte, count*size)
	if _, err := file.ReadAt(table, int64(offset)); err != nil {
		return nil, errShortELF
	}
	segments := make([]segment, count)
	for i := range segments {
		at := i * size
		segments[i] = segment{
			kind:     f.number(table, at, 4),
			offset:   f.number(table, at+word, word),
			vaddr:    f.number(table, at+2*word, word),
			fileSize: f.number(table, at+4*word, word),
		}
		s := segments[i]
		if s.offset > 1<<40 || s.fileSize > 1<<40 {
			return nil, Refuse("the ELF file is damaged: a segment lies outside of it")
		}
		if s.kind == segmentLoad && s.fileSize > 0 {
			var last [1]byte
			if _, err := file.ReadAt(last[:], int64(s.offset+s.fileSize-1)); err != nil {
				return nil, errShortELF
			}
		}
	}
	return segments, nil
}

// readDynamic finds the libraries that a program names and where it looks for them. A table that cannot be followed is
// the loader's affair.
func (e *elf) readDynamic(file io.ReaderAt, f *form, dynamic segment, segments []segment) error {
	table := make([]byte, min(dynamic.fileSize, maxDynamic)&^15)
	if _, err := file.ReadAt(table, int64(dynamic.offset)); err != nil {
		return errShortELF
	}
	var strtab uint64
	text := func(at uint64) string {
		for _, s := range segments {
			if address := strtab + at; s.kind == segmentLoad && s.vaddr <= address && address-s.vaddr < s.fileSize {
				b := make([]byte, 4096)
				n, _ := file.ReadAt(b, int64(s.offset+address-s.vaddr))
				name, _, ended := strings.Cut(string(b[:n]), "\x00")
				if ended {
					return name
				}
			}
		}
		return ""
	}
	word := f.address
	for pass := range 2 { // the address of all texts may stand after those that it is for
		for at := 0; at+word < len(table); at += 2 * word {
			value := f.number(table, at+word, word)
			switch tag := f.number(table, at, word); {
			case tag == 0:
				at = len(table)
			case tag == tagStrings:
				strtab = value
			case pass == 0:
			case tag == tagNeeded:
				if name := text(value); name != "" {
					e.needed = append(e.needed, name)
				}
			case tag == tagRpath || tag == tagRunpath:
				e.runpath += ":" + text(value)
			}
		}
	}
	return nil
}
