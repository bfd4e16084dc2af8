package gobuild

import (
	"bytes"
	"fmt"
	"go/parser"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
)

// Short is the module that a module's own packages are compiled as, but for the package main: the name of each function
// in the program begins with the path of its package, and those of the proxy took 48 KB with the whole one. It is
// replaced by a folder of that name.
const Short = "ow"

// shortened returns the files with the own packages in the folder Short, and imported from there.
func (m *Module) shortened() (map[string][]byte, error) {
	files := map[string][]byte{
		Short + "/go.mod": fmt.Appendf(nil, "module %s\n\ngo %s\n", Short, m.language),
	}
	for name, content := range m.files {
		if path.Ext(name) == ".go" {
			var err error
			if content, err = m.shortImports(name, content); err != nil {
				return nil, err
			}
		}
		files[name], files[Short+"/"+name] = content, content
	}
	return files, nil
}

// shortImports returns a source file in which packages of the module are imported as those of Short.
func (m *Module) shortImports(name string, content []byte) ([]byte, error) {
	fileSet := token.NewFileSet()
	parsed, err := parser.ParseFile(fileSet, name, content, parser.ImportsOnly)
	if err != nil {
		return content, nil // the compiler says why
	}
	for _, spec := range slices.Backward(parsed.Imports) {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if rest, own := strings.CutPrefix(imported, m.path+"/"); own {
			from, to := fileSet.Position(spec.Path.Pos()).Offset, fileSet.Position(spec.Path.End()).Offset
			content = slices.Concat(content[:from], []byte(strconv.Quote(Short+"/"+rest)), bytes.Clone(content[to:]))
		}
	}
	return content, nil
}
