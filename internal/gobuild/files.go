package gobuild

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
)

// Files returns the content of the files that the package is compiled from on some of the platforms, by name: files of
// its module, workspace, local replacements and vendor folders, also embedded ones, with their go.mod and go.sum. Go's
// own packages and modules pinned by go.sum are left out. A name is the path below the module's folder, or MODULE/PATH
// for a file of another module.
func (p Package) Files(ctx context.Context, platforms []images.Platform) (map[string][]byte, error) {
	dir, err := filepath.Abs(p.Dir)
	if err != nil {
		return nil, err
	}
	root, err := ModuleRoot(dir)
	if err != nil {
		return nil, err
	}
	files := map[string]string{} // name -> file
	for _, platform := range platforms {
		packages, err := p.list(ctx, dir, platform)
		if err != nil {
			return nil, fmt.Errorf("list the sources of %s: %w", p.Dir, err)
		}
		for _, one := range packages {
			maps.Copy(files, one.local(root))
		}
	}
	if work := workspace(root); work != "" {
		files["go.work"], files["go.work.sum"] = work, work+".sum"
	}
	contents := map[string][]byte{}
	for name, file := range files {
		content, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) { // a module without requirements has no go.sum
			continue
		}
		if err != nil {
			return nil, err
		}
		contents[name] = content
	}
	return contents, nil
}

// listed is as much of go list's answer as names files (go help list).
type listed struct {
	Dir, ImportPath string
	Standard        bool
	Module          *struct {
		Path, Dir string
		Main      bool
		Replace   *struct{ Version string }
	}
	GoFiles, SFiles, HFiles, SysoFiles, EmbedFiles []string
}

func (p Package) list(ctx context.Context, dir string, platform images.Platform) ([]listed, error) {
	environment := slices.Concat(others(os.Environ()), []string{"GOTOOLCHAIN=" + p.Toolchain}, target(platform))
	const fields = "-json=Dir,ImportPath,Standard,Module,GoFiles,SFiles,HFiles,SysoFiles,EmbedFiles"
	text, err := run(ctx, dir, environment, "list", "-deps", "-tags="+p.Tags, fields, ".")
	if err != nil {
		return nil, err
	}
	var packages []listed
	for decoder := json.NewDecoder(bytes.NewReader(text)); ; {
		var one listed
		err := decoder.Decode(&one)
		if errors.Is(err, io.EOF) {
			return packages, nil
		}
		if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		packages = append(packages, one)
	}
}

// local returns the files of a package by their names, or none where go.sum pins it.
func (l listed) local(root string) map[string]string {
	vendored := strings.HasPrefix(l.Dir, filepath.Join(root, "vendor")+string(filepath.Separator))
	ours := l.Module != nil && (l.Module.Main || l.Module.Replace != nil && l.Module.Replace.Version == "")
	if l.Standard || !vendored && !ours {
		return nil
	}
	// name returns the name of a file of the package's module, whose folder is module.
	name := func(module, prefix, file string) string {
		below, err := filepath.Rel(module, file)
		if err != nil {
			below = filepath.Base(file)
		}
		return path.Join(prefix, filepath.ToSlash(below))
	}
	module, prefix := root, ""
	if !vendored && l.Module.Dir != root {
		module, prefix = l.Module.Dir, l.Module.Path
	}
	files := map[string]string{}
	for _, file := range slices.Concat(l.GoFiles, l.SFiles, l.HFiles, l.SysoFiles, l.EmbedFiles) {
		file = filepath.Join(l.Dir, file)
		files[name(module, prefix, file)] = file
	}
	for _, file := range []string{"go.mod", "go.sum", "vendor/modules.txt"} {
		file = filepath.Join(module, filepath.FromSlash(file))
		files[name(module, prefix, file)] = file
	}
	return files
}

// workspace returns the go.work that holds for a module, as the go command finds it, or "".
func workspace(root string) string {
	if os.Getenv("GOWORK") == "off" {
		return ""
	}
	for dir := root; ; dir = filepath.Dir(dir) {
		file := filepath.Join(dir, "go.work")
		if _, err := os.Stat(file); err == nil {
			return file
		}
		if dir == filepath.Dir(dir) {
			return ""
		}
	}
}
