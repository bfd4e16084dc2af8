package gobuild

import (
	"bytes"
	"debug/elf"
	"fmt"
	"os"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// ReadProxy reads the ready proxy of --proxy FILE. It must be a static Linux program for the one platform that is
// built.
func ReadProxy(file string, platforms []images.Platform) ([]byte, error) {
	program, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the proxy: %w", err)
	}
	platform, err := staticFor(program)
	if err != nil {
		return nil, fmt.Errorf("read the proxy: %s %w", file, err)
	}
	if len(platforms) != 1 {
		return nil, fmt.Errorf("read the proxy: %s serves only %s; build with --platform %s", file, platform, platform)
	}
	if platforms[0] != platform {
		return nil, fmt.Errorf("read the proxy: %s is for %s, the image is for %s", file, platform, platforms[0])
	}
	return program, nil
}

// staticFor returns the platform that a static program runs on. Its errors continue "FILE ...".
func staticFor(program []byte) (images.Platform, error) {
	file, err := elf.NewFile(bytes.NewReader(program))
	if err != nil {
		return "", fmt.Errorf("is not a Linux program (an ELF file)")
	}
	if file.Type != elf.ET_EXEC && file.Type != elf.ET_DYN {
		return "", fmt.Errorf("is an ELF file, but not a program (%s)", file.Type)
	}
	for _, segment := range file.Progs {
		if segment.Type == elf.PT_INTERP {
			return "", fmt.Errorf("is linked dynamically, and the image has no libraries; link it statically (CGO_ENABLED=0)")
		}
	}
	if libraries, err := file.ImportedLibraries(); err != nil || len(libraries) > 0 {
		return "", fmt.Errorf("needs libraries %v, which the image does not have; link it statically", libraries)
	}
	for _, platform := range images.Platforms() {
		if machine := platform.Architecture(); code.MachineOf(program) == machine {
			place := code.Place{Machine: machine} // of a static program, nothing else is looked at
			if err := place.Check(bytes.NewReader(program)); err != nil {
				return "", fmt.Errorf("cannot run: %w", err)
			}
			return platform, nil
		}
	}
	return "", fmt.Errorf("is for a machine (%s) that images are not built for", file.Machine)
}
