package action

import (
	"bytes"
	"debug/elf"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
)

func isELF(content []byte) bool { return bytes.HasPrefix(content, []byte(elf.ELFMAG)) }

// machines are the ELF machines of the platforms.
var machines = map[images.Platform]elf.Machine{images.LinuxAMD64: elf.EM_X86_64, images.LinuxARM64: elf.EM_AARCH64}

// checkELF checks that a program runs on the platform, and that the image has its loader and libraries.
func checkELF(content []byte, platform images.Platform, all Tree) error {
	program, err := elf.NewFile(bytes.NewReader(content))
	if err != nil {
		return fmt.Errorf("the program is damaged: %w", err)
	}
	defer program.Close()
	if program.Type != elf.ET_EXEC && program.Type != elf.ET_DYN {
		return fmt.Errorf("it is an ELF file, but not a program (%s)", program.Type)
	}
	if program.Machine != machines[platform] || program.Class != elf.ELFCLASS64 || program.Data != elf.ELFDATA2LSB {
		return wrongMachine(program, platform)
	}
	loader, err := interpreter(program)
	if err != nil {
		return err
	}
	if loader == "" {
		return nil
	}
	libraries, err := program.ImportedLibraries()
	if err != nil {
		return fmt.Errorf("the program is damaged: %w", err)
	}
	if !all.Has(loader) {
		return fmt.Errorf("the program is linked dynamically: it needs the loader %s%s, which are not in the image: link it statically (Go: CGO_ENABLED=0)",
			loader, andLibraries(libraries))
	}
	dirs := searched(program, loader)
	for _, library := range libraries {
		if library != path.Base(loader) && !builtIn(loader, library) && !all.anyHas(dirs, library) {
			return missing("the program", library)
		}
	}
	return nil
}

func andLibraries(libraries []string) string {
	if len(libraries) == 0 {
		return ""
	}
	return " and " + strings.Join(libraries, ", ")
}

// wrongMachine says what the program is for, and where an image for it can be had.
func wrongMachine(program *elf.File, platform images.Platform) error {
	for other, machine := range machines {
		if program.Machine == machine && program.Class == elf.ELFCLASS64 && program.Data == elf.ELFDATA2LSB {
			return fmt.Errorf("the program is for %s: build the image with --platform %s, or name the folder of a Go package, which is compiled for each platform", other, other)
		}
	}
	return fmt.Errorf("the program is for another machine (%s, %s)", program.Machine, program.Class)
}

// interpreter returns the loader that a program asks for, or "" for a static one.
func interpreter(program *elf.File) (string, error) {
	for _, segment := range program.Progs {
		if segment.Type != elf.PT_INTERP {
			continue
		}
		name, err := io.ReadAll(io.LimitReader(segment.Open(), 4096))
		if err != nil {
			return "", errors.New("the program is damaged: it is shorter than its headers say")
		}
		text, _, _ := strings.Cut(string(name), "\x00")
		return text, nil
	}
	return "", nil
}

// searched returns the folders in which the loader looks for libraries.
func searched(program *elf.File, loader string) []string {
	var dirs []string
	for _, tag := range []elf.DynTag{elf.DT_RPATH, elf.DT_RUNPATH} {
		paths, _ := program.DynString(tag) // a damaged table has shown itself before
		for _, list := range paths {
			for _, dir := range strings.Split(list, ":") {
				dirs = append(dirs, strings.NewReplacer("${ORIGIN}", "/"+Dir, "$ORIGIN", "/"+Dir).Replace(dir))
			}
		}
	}
	return append(dirs, "/lib", "/usr/lib", "/usr/local/lib", "/lib64", "/usr/lib64", path.Dir(loader))
}

// builtIn reports whether musl's loader is the library itself.
func builtIn(loader, library string) bool {
	if !strings.HasPrefix(path.Base(loader), "ld-musl-") {
		return false
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(library, "lib"), ".")
	switch name {
	case "c", "pthread", "rt", "m", "dl", "util", "xnet":
		return true
	}
	return false
}
