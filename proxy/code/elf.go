package code

import (
	"encoding/binary"
	"io"
	"strconv"
	"strings"
)

// The parts of the ELF format (System V ABI, and its supplements for x86-64 and AArch64) that tell whether a program
// can run here.
const (
	elfHeaderSize  = 64
	progHeaderSize = 56

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
func MachineOf(h []byte) string {
	machine := binary.LittleEndian.Uint16(h[18:])
	if h[5] == 2 { // big-endian
		machine = uint16(h[18])<<8 | uint16(h[19])
	}
	number := strconv.Itoa(int(machine))
	_, name, known := strings.Cut(machines, " "+number+"=")
	if !known {
		return "machine " + number
	}
	name, _, _ = strings.Cut(name, " ")
	return name
}

// elf holds the parts of a program's headers that the checks use. A static one has neither interpreter nor libraries.
type elf struct {
	interpreter string
	needed      []string
	runpath     string // a list, as in PATH
}

type segment struct {
	kind          uint32
	offset, vaddr uint64
	fileSize      uint64 // in bytes
}

// readELF reads a program's headers. Its errors are for the person who sent the program.
func readELF(file io.ReaderAt, machine string) (*elf, error) {
	var h [elfHeaderSize]byte
	if _, err := file.ReadAt(h[:], 0); err != nil {
		return nil, Refuse("the ELF file is cut off: its header is not whole")
	}
	name := MachineOf(h[:])
	switch {
	case name == machine && h[4] == 1:
		name += " with 32-bit pointers"
	case name == machine && h[5] == 2:
		name += " in big-endian mode"
	}
	if name != machine {
		return nil, Refuse("the program is built for ", name, ", this image runs on ", machine, " (Go: build it with GOOS=linux GOARCH=", machine, ")")
	}
	if system := h[7]; system != 0 && system != 3 { // System V, Linux
		return nil, Refuse("the program is built for another system (ELF OS/ABI ", strconv.Itoa(int(system)), "), not for Linux")
	}
	if kind := binary.LittleEndian.Uint16(h[16:]); kind != elfExecutable && kind != elfShared {
		return nil, Refuse("the ELF file is not a program (an object file or a core dump?)")
	}
	segments, err := readSegments(file, h[:])
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
			if err := e.readDynamic(file, s, segments); err != nil {
				return nil, err
			}
		}
	}
	return e, nil
}

var errShortELF error = &Refusal{"the ELF file is cut off: it is shorter than its headers say"}

func readSegments(file io.ReaderAt, h []byte) ([]segment, error) {
	offset := binary.LittleEndian.Uint64(h[32:])
	count := int(binary.LittleEndian.Uint16(h[56:]))
	if size := binary.LittleEndian.Uint16(h[54:]); size != progHeaderSize || count == 0 || count > maxSegments || offset > 1<<40 {
		return nil, Refuse("the ELF file is damaged: it has no readable program headers")
	}
	table := make([]byte, count*progHeaderSize)
	if _, err := file.ReadAt(table, int64(offset)); err != nil {
		return nil, errShortELF
	}
	segments := make([]segment, count)
	for i := range segments {
		p := table[i*progHeaderSize:]
		segments[i] = segment{
			kind:     binary.LittleEndian.Uint32(p),
			offset:   binary.LittleEndian.Uint64(p[8:]),
			vaddr:    binary.LittleEndian.Uint64(p[16:]),
			fileSize: binary.LittleEndian.Uint64(p[32:]),
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
func (e *elf) readDynamic(file io.ReaderAt, dynamic segment, segments []segment) error {
	table := make([]byte, min(dynamic.fileSize, maxDynamic)&^15)
	if _, err := file.ReadAt(table, int64(dynamic.offset)); err != nil {
		return errShortELF
	}
	var names, paths []uint64
	var strtab uint64
	for ; len(table) >= 16; table = table[16:] {
		value := binary.LittleEndian.Uint64(table[8:])
		switch binary.LittleEndian.Uint64(table) {
		case 0:
			table = nil
		case tagNeeded:
			names = append(names, value)
		case tagRpath, tagRunpath:
			paths = append(paths, value)
		case tagStrings:
			strtab = value
		}
		if table == nil {
			break
		}
	}
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
	for _, at := range names {
		if name := text(at); name != "" {
			e.needed = append(e.needed, name)
		}
	}
	for _, at := range paths {
		e.runpath += ":" + text(at)
	}
	return nil
}
