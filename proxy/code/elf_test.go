package code

import (
	"bytes"
	format "debug/elf"
	"encoding/binary"
	"strings"
	"testing"
)

// headers returns an ELF file of a machine, with one segment that names an interpreter.
func headers(t *testing.T, machine format.Machine, class format.Class, order binary.ByteOrder) []byte {
	t.Helper()
	ident := [format.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(class), byte(format.ELFDATA2LSB), byte(format.EV_CURRENT)}
	if order == binary.BigEndian {
		ident[format.EI_DATA] = byte(format.ELFDATA2MSB)
	}
	const loader = "/lib/ld.so\x00"
	var parts []any
	if class == format.ELFCLASS64 {
		parts = []any{
			format.Header64{Ident: ident, Type: uint16(format.ET_EXEC), Machine: uint16(machine), Phoff: 64, Phentsize: 56, Phnum: 1},
			format.Prog64{Type: uint32(format.PT_INTERP), Off: 120, Filesz: uint64(len(loader))},
		}
	} else {
		parts = []any{
			format.Header32{Ident: ident, Type: uint16(format.ET_EXEC), Machine: uint16(machine), Phoff: 52, Phentsize: 32, Phnum: 1},
			format.Prog32{Type: uint32(format.PT_INTERP), Off: 84, Filesz: uint32(len(loader))},
		}
	}
	var file bytes.Buffer
	for _, part := range append(parts, []byte(loader)) {
		if err := binary.Write(&file, order, part); err != nil {
			t.Fatal(err)
		}
	}
	return file.Bytes()
}

// TestMachines reads programs of every machine that images are built for.
func TestMachines(t *testing.T) {
	for _, test := range []struct {
		name    string // Go's
		machine format.Machine
		class   format.Class
		order   binary.ByteOrder
	}{
		{"amd64", format.EM_X86_64, format.ELFCLASS64, binary.LittleEndian},
		{"arm64", format.EM_AARCH64, format.ELFCLASS64, binary.LittleEndian},
		{"arm", format.EM_ARM, format.ELFCLASS32, binary.LittleEndian},
		{"ppc64le", format.EM_PPC64, format.ELFCLASS64, binary.LittleEndian},
		{"riscv64", format.EM_RISCV, format.ELFCLASS64, binary.LittleEndian},
		{"s390x", format.EM_S390, format.ELFCLASS64, binary.BigEndian},
	} {
		t.Run(test.name, func(t *testing.T) {
			file := headers(t, test.machine, test.class, test.order)
			if got := MachineOf(file); got != test.name {
				t.Errorf("a program for %s", got)
			}
			read, err := readELF(bytes.NewReader(file), test.name)
			if err != nil || read.interpreter != "/lib/ld.so" {
				t.Errorf("%+v, %v", read, err)
			}
			if _, err := readELF(bytes.NewReader(file), "mips"); err == nil || !strings.Contains(err.Error(), "built for "+test.name) {
				t.Errorf("on another machine: %v", err)
			}
		})
	}
	for name, file := range map[string][]byte{
		"amd64 with 32-bit pointers":    headers(t, format.EM_X86_64, format.ELFCLASS32, binary.LittleEndian),
		"arm64 in big-endian mode":      headers(t, format.EM_AARCH64, format.ELFCLASS64, binary.BigEndian),
		"ppc64, this image runs on ppc": headers(t, format.EM_PPC64, format.ELFCLASS64, binary.BigEndian),
	} {
		machine, _, _ := strings.Cut(name, " ")
		machine = strings.TrimSuffix(machine, ",")
		if machine == "ppc64" {
			machine = "ppc64le"
		}
		if _, err := readELF(bytes.NewReader(file), machine); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
