// Package goparts tells where the bytes of a Go program are: the code of each Go package, and the other parts of the
// file, such as the line tables that stack traces are read from.
//
//	parts, ok := goparts.Read(program) // the bytes of an ELF file, stripped or not
//
// The linker keeps the table of functions (the section .gopclntab) in stripped programs, too. A function that is
// compiled into its caller counts as the caller's.
package goparts

import (
	"bytes"
	"cmp"
	"debug/elf"
	"debug/gosym"
	"io"
	"maps"
	"slices"
)

// Part is a share of a program's bytes.
type Part struct {
	Name  string `json:"name"`
	Go    bool   `json:"go,omitempty"` // the code of the Go package with this path; else a named part of the file
	Bytes int64  `json:"bytes"`
}

// The names of parts that are not the code of a Go package.
const (
	lines     = "line tables"      // .gopclntab: functions, lines and unwinding
	constants = "constants, types" // .rodata and the tables of types beside it
	variables = "variables"
	symbols   = "symbols, debug information"
	otherCode = "other code"
	rest      = "headers and gaps"
	more      = "more Go packages"
)

const (
	mostParts     = 2000      // Go packages that are named; the largest of Kubernetes' programs have about as many
	mostSections  = 10_000    // an ELF file of Go has thirty
	mostFunctions = 4 << 20   // that are looked at
	mostTable     = 256 << 20 // bytes of the table of functions
)

// named are the sections of a Go program.
var named = map[string]string{
	".text": otherCode, ".plt": otherCode, ".init": otherCode, ".fini": otherCode,
	".gopclntab": lines, ".gosymtab": lines, ".gofunc": lines,
	".rodata": constants, ".typelink": constants, ".itablink": constants, ".gcdata": constants, ".go.type": constants, ".data.rel.ro": constants,
	".eh_frame": constants, ".eh_frame_hdr": constants,
	".data": variables, ".noptrdata": variables, ".go.buildinfo": variables, ".go.module": variables, ".go.fipsinfo": variables, ".got": variables, ".got.plt": variables,
	".symtab": symbols, ".strtab": symbols, ".shstrtab": symbols, ".go.itab": constants,
}

// Read returns the parts of a Go program, the largest first, which add up to its length. It reports false for a file
// that is no ELF file with a table of Go functions.
func Read(program []byte) (parts []Part, ok bool) {
	defer func() { // debug/elf and debug/gosym are for files that a linker wrote
		if recover() != nil {
			parts, ok = nil, false
		}
	}()
	file, err := elf.NewFile(bytes.NewReader(program))
	if err != nil || len(file.Sections) > mostSections {
		return nil, false
	}
	table, text := file.Section(".gopclntab"), file.Section(".text")
	if table == nil || text == nil {
		return nil, false
	}
	sums, left := map[Part]int64{}, int64(len(program))
	at := int64(0) // sections that overlap count once
	for _, s := range sorted(file.Sections) {
		start, end := max(int64(s.Offset), at), min(int64(s.Offset)+int64(s.FileSize), int64(len(program)))
		if start >= end {
			continue
		}
		size, name := end-start, cmp.Or(named[s.Name], symbols)
		at, left = end, left-size
		if s == text {
			code := functions(table, text)
			for _, bytes := range code {
				size -= bytes
			}
			if size < 0 {
				return nil, false
			}
			for path, bytes := range code {
				sums[Part{Name: path, Go: true}] += bytes
			}
		}
		sums[Part{Name: name}] += size
	}
	sums[Part{Name: rest}] += left
	return list(sums), true
}

// sorted returns the sections that have bytes in the file, in their order there.
func sorted(all []*elf.Section) []*elf.Section {
	sections := slices.DeleteFunc(slices.Clone(all), func(s *elf.Section) bool {
		return s.Type == elf.SHT_NOBITS || s.Type == elf.SHT_NULL || s.Offset > 1<<40 || s.FileSize > 1<<40
	})
	slices.SortStableFunc(sections, func(a, b *elf.Section) int { return cmp.Compare(a.Offset, b.Offset) })
	return sections
}

// functions returns the bytes of code of each Go package.
func functions(table, text *elf.Section) map[string]int64 {
	if table.FileSize > mostTable {
		return nil
	}
	raw := make([]byte, table.FileSize)
	if _, err := io.ReadFull(io.NewSectionReader(table.ReaderAt, 0, int64(len(raw))), raw); err != nil {
		return nil
	}
	found, err := gosym.NewTable(nil, gosym.NewLineTable(raw, text.Addr))
	if err != nil || len(found.Funcs) > mostFunctions {
		return nil
	}
	code := map[string]int64{}
	end := text.Addr + text.FileSize
	for i := range found.Funcs {
		f := &found.Funcs[i]
		if f.Entry < text.Addr || f.End > end || f.End <= f.Entry || f.PackageName() == "" {
			continue
		}
		code[f.PackageName()] += int64(f.End - f.Entry)
	}
	return code
}

// list returns the parts by falling size. The smallest Go packages of very many are one part.
func list(sums map[Part]int64) []Part {
	var parts []Part
	for _, part := range slices.SortedFunc(maps.Keys(sums), func(a, b Part) int {
		return cmp.Or(cmp.Compare(sums[b], sums[a]), cmp.Compare(a.Name, b.Name))
	}) {
		if part.Bytes = sums[part]; part.Bytes > 0 {
			parts = append(parts, part)
		}
	}
	if len(parts) > mostParts {
		others := Part{Name: more}
		for _, part := range parts[mostParts:] {
			others.Bytes += part.Bytes
		}
		parts = append(parts[:mostParts], others)
	}
	return parts
}
