package gobuild

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/mod/modfile"
)

// Outside returns why a package is not compiled from the files below tree and pinned modules alone: a go.work above the
// tree, or a module of another folder. It returns nil where it is.
func Outside(dir, tree string) error {
	root, err := ModuleRoot(dir)
	if err != nil {
		return err
	}
	if !Below(root, tree) {
		return fmt.Errorf("its go.mod is outside of the source")
	}
	modules := []string{root}
	work := workspace(root)
	if work != "" && !Below(filepath.Dir(work), tree) {
		return fmt.Errorf("the go.work above the source holds for it: %s", work)
	}
	if work != "" {
		text, err := os.ReadFile(work)
		if err != nil {
			return err
		}
		parsed, err := modfile.ParseWork("go.work", text, nil)
		if err != nil {
			return err
		}
		for _, use := range parsed.Use {
			modules = append(modules, resolve(filepath.Dir(work), use.Path))
		}
		if err := inside(parsed.Replace, filepath.Dir(work), "go.work", tree); err != nil {
			return err
		}
	}
	for _, module := range modules {
		if !Below(module, tree) {
			return fmt.Errorf("go.work uses a module outside of the source")
		}
		text, err := os.ReadFile(filepath.Join(module, "go.mod"))
		if err != nil {
			return err
		}
		parsed, err := modfile.Parse("go.mod", text, nil)
		if err != nil {
			return err
		}
		if err := inside(parsed.Replace, module, "go.mod", tree); err != nil {
			return err
		}
	}
	return nil
}

// inside refuses replacements by folders outside of the tree. The paths are relative to dir.
func inside(replacements []*modfile.Replace, dir, file, tree string) error {
	for _, r := range replacements {
		if r.New.Version == "" && !Below(resolve(dir, r.New.Path), tree) {
			return fmt.Errorf("%s replaces %s by the folder %s, outside of the source", file, r.Old.Path, r.New.Path)
		}
	}
	return nil
}

func resolve(dir, name string) string {
	if filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(dir, filepath.FromSlash(name))
}

// Below reports whether a file or a folder is tree or in it, also behind symbolic links.
func Below(dir, tree string) bool {
	for _, folder := range []*string{&dir, &tree} {
		if real, err := filepath.EvalSymlinks(*folder); err == nil {
			*folder = real
		}
	}
	inside, err := filepath.Rel(tree, dir)
	return err == nil && (inside == "." || filepath.IsLocal(inside))
}
