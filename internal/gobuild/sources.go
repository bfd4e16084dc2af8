package gobuild

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
)

// Sources returns for each folder of a Go package the folders of all packages that it is compiled from, itself
// included, and the files that they embed. Packages of the standard library and of modules pinned by go.mod are left
// out. The go command is asked once for each module. All names are absolute.
func Sources(ctx context.Context, dirs []string) (map[string][]string, error) {
	modules := map[string][]string{} // the folder of go.mod -> packages
	for _, dir := range dirs {
		root, err := ModuleRoot(dir)
		if err != nil {
			return nil, err
		}
		modules[root] = append(modules[root], dir)
	}
	sources := map[string][]string{}
	for root, packages := range modules {
		if err := sourcesOf(ctx, root, packages, sources); err != nil {
			return nil, err
		}
	}
	return sources, nil
}

// ModuleRoot returns the folder, dir or one above it, that holds the package's go.mod.
func ModuleRoot(dir string) (string, error) {
	for root := dir; ; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			return root, nil
		}
		if root == filepath.Dir(root) {
			return "", fmt.Errorf("%s is in no Go module: there is no go.mod in it or above it", dir)
		}
	}
}

// sourcesOf adds the sources of packages of one module.
func sourcesOf(ctx context.Context, root string, packages []string, sources map[string][]string) error {
	environment := append(others(os.Environ()), target(images.LinuxAMD64)...)
	listed, err := run(ctx, root, environment, append([]string{"list", "-deps", "-json=Dir,ImportPath,Standard,DepOnly,Deps,EmbedFiles,Module"}, packages...)...)
	if err != nil {
		return err
	}
	made := map[string][]string{} // import path -> folder and embedded files
	var roots []pkg
	for decoder := json.NewDecoder(bytes.NewReader(listed)); ; {
		var listed pkg
		if err := decoder.Decode(&listed); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			return fmt.Errorf("go list: %w", err)
		}
		if !listed.Standard && !listed.pinned() {
			made[listed.ImportPath] = listed.files()
		}
		if !listed.DepOnly {
			roots = append(roots, listed)
		}
	}
	for _, listed := range roots {
		all := listed.files()
		for _, dependency := range listed.Deps {
			all = append(all, made[dependency]...)
		}
		sources[listed.Dir] = all
	}
	return nil
}

// pkg is a package in go list's JSON.
type pkg struct {
	Dir, ImportPath   string
	Standard, DepOnly bool
	Deps, EmbedFiles  []string
	Module            *module
}

type module struct {
	Version string
	Replace *module
}

// pinned reports whether the package belongs to a version of a module, and is not a copy in a folder vendor.
func (p pkg) pinned() bool {
	m := p.Module
	return m != nil && m.Version != "" && (m.Replace == nil || m.Replace.Version != "") && !strings.Contains(filepath.ToSlash(p.Dir), "/vendor/")
}

// files returns the package's folder, and the files that it embeds.
func (p pkg) files() []string {
	all := []string{p.Dir}
	for _, file := range p.EmbedFiles {
		all = append(all, filepath.Join(p.Dir, file))
	}
	return all
}
