package affected

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/mod/modfile"
)

// mkimage is the module of mkimage.
const mkimage = "github.com/sciabarracom/openwhisk-runtime-go"

// module holds the versions in a go.mod of the tools that make images.
type module struct {
	path      string
	toolchain string // and the version of Go, where it names no toolchain
	mkimage   string // the version of mkimage that it requires
}

// readModule reads a go.mod. One that is not there says nothing.
func readModule(file string) (module, error) {
	text, err := os.ReadFile(file)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return module{}, fmt.Errorf("read go.mod: %w", err)
	}
	return parseModule(text), nil
}

// parseModule reads the text of a go.mod. An unreadable one has no versions: the go command reports the mistake.
func parseModule(text []byte) module {
	parsed, err := modfile.Parse("go.mod", text, nil)
	if err != nil || parsed.Module == nil {
		return module{}
	}
	read := module{path: parsed.Module.Mod.Path}
	switch {
	case parsed.Toolchain != nil:
		read.toolchain = parsed.Toolchain.Name
	case parsed.Go != nil:
		read.toolchain = parsed.Go.Version
	}
	for _, require := range parsed.Require {
		if require.Mod.Path == mkimage {
			read.mkimage = require.Mod.Version
		}
	}
	return read
}
