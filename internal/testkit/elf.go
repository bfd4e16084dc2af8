package testkit

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
)

// Static returns a static program for a 64-bit machine, of nothing but its headers, with more bytes at its end.
func Static(machine elf.Machine, more string) []byte {
	header := elf.Header64{Type: uint16(elf.ET_EXEC), Machine: uint16(machine), Version: uint32(elf.EV_CURRENT), Ehsize: 64, Phoff: 64, Phentsize: 56, Phnum: 1}
	copy(header.Ident[:], elf.ELFMAG)
	header.Ident[elf.EI_CLASS], header.Ident[elf.EI_DATA], header.Ident[elf.EI_VERSION] = byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)
	var program bytes.Buffer
	_ = binary.Write(&program, binary.LittleEndian, header) // a buffer takes everything
	_ = binary.Write(&program, binary.LittleEndian, elf.Prog64{Type: uint32(elf.PT_LOAD)})
	return append(program.Bytes(), more...)
}
