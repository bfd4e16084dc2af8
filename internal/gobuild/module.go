// Package gobuild compiles Go programs for the inside of an image: static, and with the same bytes on every machine.
//
// Another patch release of Go compiles other bytes, so a module is compiled with exactly the toolchain that its go.mod
// names; the go command fetches it if another one is installed. A compiled program is kept in a cache by the
// content of its source, so that later builds do not run the go command at all.
package gobuild

import (
	"bytes"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild/carried"

	"golang.org/x/mod/modfile"
)

// Module is a Go module that needs nothing outside the standard library.
type Module struct {
	path, language, toolchain string            // of go.mod: the import path, 1.26.0, go1.26.8
	requires                  map[string]string // versions by module
	files                     map[string][]byte
	store                     cache.Dir
}

// Open reads the module whose go.mod is at the root of source. Compiled programs are kept in store.
func Open(source fs.FS, store cache.Dir) (*Module, error) {
	text, err := fs.ReadFile(source, "go.mod")
	if err != nil {
		return nil, fmt.Errorf("open module: %w", err)
	}
	parsed, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		return nil, fmt.Errorf("open module: %w", err)
	}
	if parsed.Module == nil || parsed.Go == nil || parsed.Toolchain == nil {
		return nil, fmt.Errorf("open module: go.mod needs the lines module, go and toolchain")
	}
	files, err := compiled(source)
	if err != nil {
		return nil, fmt.Errorf("open module: %w", err)
	}
	requires := map[string]string{}
	for _, required := range parsed.Require {
		requires[required.Mod.Path] = required.Mod.Version
	}
	return &Module{
		path: parsed.Module.Mod.Path, language: parsed.Go.Version, toolchain: parsed.Toolchain.Name,
		requires: requires, files: files, store: store,
	}, nil
}

// compiled returns the files that the compiler reads.
func compiled(source fs.FS) (map[string][]byte, error) {
	files := map[string][]byte{}
	err := fs.WalkDir(source, ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && entry.Name() == "testdata":
			return fs.SkipDir
		case entry.IsDir() || path.Ext(name) != ".go" && path.Ext(name) != ".s" || strings.HasSuffix(name, "_test.go"):
			return nil
		}
		files[name], err = fs.ReadFile(source, name)
		return err
	})
	return files, err
}

// Toolchain returns the version of Go that the module is compiled with: "go1.26.8".
func (m *Module) Toolchain() string { return m.toolchain }

// Requires returns the version of another module in go.mod, or "". It is for modules linked into mkimage itself:
// compiled programs need none.
func (m *Module) Requires(path string) string { return m.requires[path] }

// Source returns the files that programs are compiled from, by their path in the module.
func (m *Module) Source() map[string][]byte { return maps.Clone(m.files) }

// Proxy returns the program of the package ./proxy for a platform, a static ELF file: the one that mkimage carries, or
// a compiled one of the same bytes.
func (m *Module) Proxy(ctx context.Context, platform images.Platform) ([]byte, error) {
	if program, ok := carried.Program(m.ProxyKey(platform)); ok {
		return program, nil
	}
	program, err := m.Build(ctx, proxyDir, platform)
	var other *ToolchainError
	switch {
	case errors.Is(err, ErrNoGo), errors.As(err, &other):
		return nil, fmt.Errorf("compile the proxy for %s: %w, or give a ready proxy with --proxy FILE", platform, err)
	case err != nil:
		return nil, fmt.Errorf("compile the proxy for %s: %w", platform, err)
	}
	return program, nil
}

// ProxyKey returns the key of the proxy for a platform, which depends on the source, the flags and the toolchain.
func (m *Module) ProxyKey(platform images.Platform) string { return m.key(proxyDir, platform) }

// Carries reports whether the proxy for a platform need not be compiled.
func (m *Module) Carries(platform images.Platform) bool { return carried.Has(m.ProxyKey(platform)) }

// Build compiles the main package in dir ("./proxy") for a platform and returns the program, a static ELF file.
func (m *Module) Build(ctx context.Context, dir string, platform images.Platform) ([]byte, error) {
	return m.store.Do("go", m.key(dir, platform), func() ([]byte, error) { return m.compile(ctx, dir, platform) })
}

// proxyDir is the folder of the proxy, which is compiled smaller than other programs: those have the bytes that
// [Package] gives them.
const proxyDir = "./proxy"

// linkerFlags leave out the symbol table, debugging data, and the build ID, which is made from the bytes of the sources:
// line ends in a checkout of Windows would change the program.
const linkerFlags = "-s -w -buildid="

// flags are the arguments of go build that decide about the bytes of the program. In the proxy, functions begin at a
// multiple of 8 bytes rather than of 32: 33 KB.
func flags(dir string) []string {
	linker := linkerFlags
	if dir == proxyDir {
		linker += " -funcalign=8"
	}
	return []string{"-trimpath", "-buildvcs=false", "-ldflags=" + linker}
}

// experiment is a setting of the compiler, for the proxy: the garbage collector of Go 1.25, which has 45 KB less than that
// of 1.26, and does as well with its few megabytes.
const experiment = "nogreenteagc"

func experimentOf(dir string) string {
	if dir == proxyDir {
		return experiment
	}
	return ""
}

func (m *Module) key(dir string, platform images.Platform) string {
	parts := append([]string{m.goMod(dir), experimentOf(dir), dir, string(platform)}, flags(dir)...)
	for _, name := range slices.Sorted(maps.Keys(m.files)) {
		parts = append(parts, name, string(m.files[name]))
	}
	return cache.Key(parts...)
}

// goMod returns the go.mod for compiling, which requires nothing, or for the proxy its own packages (Short).
func (m *Module) goMod(dir string) string {
	text := fmt.Sprintf("module %s\n\ngo %s\n\ntoolchain %s\n", m.path, m.language, m.toolchain)
	if dir == proxyDir {
		text += fmt.Sprintf("\nrequire %[1]s v0.0.0\n\nreplace %[1]s => ./%[1]s\n", Short)
	}
	return text
}

func (m *Module) compile(ctx context.Context, dir string, platform images.Platform) ([]byte, error) {
	work, err := os.MkdirTemp("", "mkimage-go-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(work)
	source := filepath.Join(work, "source")
	if err := m.write(source, dir); err != nil {
		return nil, err
	}

	output := filepath.Join(work, "program")
	environment, err := environment(ctx, work)
	if err != nil {
		return nil, err
	}
	environment = slices.Concat(environment, []string{"GOTOOLCHAIN=" + m.toolchain, "GOEXPERIMENT=" + experimentOf(dir)}, target(platform))
	args := slices.Concat([]string{"build"}, flags(dir), []string{"-o", output, dir})
	if _, err := run(ctx, source, environment, args...); err != nil {
		return nil, m.explain(ctx, work, err)
	}

	program, err := os.ReadFile(output)
	if err != nil {
		return nil, err
	}
	// A go command from before toolchains were selectable takes no notice of GOTOOLCHAIN.
	made, err := buildinfo.Read(bytes.NewReader(program))
	if err != nil {
		return nil, err
	}
	if have, _, _ := strings.Cut(made.GoVersion, "-X:"); have != m.toolchain { // the experiment follows
		return nil, &ToolchainError{Want: m.toolchain, Have: have}
	}
	return program, nil
}

// write writes the module to a folder, as the program in dir is compiled.
func (m *Module) write(folder, dir string) error {
	files := maps.Clone(m.files)
	if dir == proxyDir {
		var err error
		if files, err = m.shortened(); err != nil {
			return err
		}
	}
	files["go.mod"] = []byte(m.goMod(dir))
	for name, content := range files {
		file := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(file, content, 0o600); err != nil {
			return err
		}
	}
	return nil
}
