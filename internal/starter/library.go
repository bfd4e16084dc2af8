package starter

import (
	"fmt"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/mod/modfile"
)

// libraryFolder is where a project has the library. The project's go.mod replaces the published module by it, so that
// it is compiled without a network, and other modules can be added as always.
const libraryFolder = "third_party/openwhisk-runtime-go"

// library returns the go.mod of a project, and the library as a module: the package openwhisk and the packages it
// imports.
func library(module fs.FS) ([]File, error) {
	text, err := fs.ReadFile(module, "go.mod")
	if err != nil {
		return nil, fmt.Errorf("read the library: %w", err)
	}
	parsed, err := modfile.Parse("go.mod", text, nil)
	if err != nil {
		return nil, fmt.Errorf("read the library: %w", err)
	}
	name, language := parsed.Module.Mod.Path, parsed.Go.Version
	files := []File{
		{Path: "go.mod", Text: fmt.Appendf(nil, "module functions\n\ngo %s\n\nrequire %s v0.0.0\n\nreplace %s => ./%s\n", language, name, name, libraryFolder)},
		{Path: libraryFolder + "/go.mod", Text: fmt.Appendf(nil, "module %s\n\ngo %s\n", name, language)},
	}
	seen := []string{"openwhisk"}
	for i := 0; i < len(seen); i++ {
		entries, err := fs.ReadDir(module, seen[i])
		if err != nil {
			return nil, fmt.Errorf("read the library: %w", err)
		}
		for _, entry := range entries {
			file := path.Join(seen[i], entry.Name())
			if path.Ext(file) != ".go" || strings.HasSuffix(file, "_test.go") {
				continue
			}
			text, err := fs.ReadFile(module, file)
			if err != nil {
				return nil, fmt.Errorf("read the library: %w", err)
			}
			imported, err := importsOf(file, text, name)
			if err != nil {
				return nil, err
			}
			for _, folder := range imported {
				if !slices.Contains(seen, folder) {
					seen = append(seen, folder)
				}
			}
			files = append(files, File{Path: libraryFolder + "/" + file, Text: text})
		}
	}
	return files, nil
}

// importsOf returns the folders of the module that a file imports.
func importsOf(file string, text []byte, module string) ([]string, error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, text, parser.ImportsOnly)
	if err != nil {
		return nil, fmt.Errorf("read the library: %w", err)
	}
	var folders []string
	for _, spec := range parsed.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return nil, err
		}
		if folder, ours := strings.CutPrefix(imported, module+"/"); ours {
			folders = append(folders, folder)
		}
	}
	return folders, nil
}
