package verify

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/git"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/provenance"
)

// fetch gets the checkouts that the statement names into folders below work. An image that mkimage brings whole needs none.
func (v *verification) fetch(ctx context.Context, work string) error {
	for i, source := range v.stated.Sources() {
		dir := filepath.Join(work, fmt.Sprintf("source-%d", i))
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
		title := "fetch " + source.Repository
		if v.Source != "" {
			title = "take the source from " + v.Source
		}
		step := v.Build.Display.Start(title)
		if err := step.End("", v.fetchOne(ctx, dir, source)); err != nil {
			return err
		}
		v.trees = append(v.trees, dir)
	}
	return nil
}

func (v *verification) fetchOne(ctx context.Context, dir string, source provenance.Source) error {
	address := source.Repository
	if v.Source != "" {
		if err := git.Fetch(ctx, dir, v.Source, source.Commit, true); err != nil {
			return unknown("the folder %s does not give commit %s: %v", v.Source, source.Commit, err)
		}
		return nil
	}
	if address == "" {
		return unknown("its source had no public address: give a clone that has commit %s with --source DIR", source.Commit)
	}
	if err := git.Fetch(ctx, dir, address, source.Commit, false); err != nil {
		return unknown("commit %s cannot be fetched from %s: %v; a clone will do: --source DIR", source.Commit, address, err)
	}
	return nil
}

// find returns where a file or folder of the statement is in the checkouts.
func (v *verification) find(name string) (string, error) {
	if !filepath.IsLocal(filepath.FromSlash(name)) {
		return "", unknown("its provenance names the file %q, which is in no repository", name)
	}
	for _, tree := range v.trees {
		file := filepath.Join(tree, filepath.FromSlash(name))
		if _, err := os.Stat(file); err == nil && gobuild.Below(file, tree) {
			return file, nil
		}
	}
	if len(v.trees) == 0 {
		return "", unknown("%s was in no repository", name)
	}
	return "", unknown("the source has no %s at commit %s", name, v.result.Commit)
}

func (v *verification) inTrees(name string) bool {
	_, err := v.find(name)
	return err == nil
}

// treeOf returns the checkout that a file is in.
func (v *verification) treeOf(file string) string {
	for _, tree := range v.trees {
		if gobuild.Below(file, tree) {
			return tree
		}
	}
	return ""
}

// removeAll removes a folder, also where git has made files that cannot be written.
func removeAll(dir string) {
	_ = filepath.WalkDir(dir, func(file string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			_ = os.Chmod(file, 0o700)
		}
		return nil
	})
	_ = os.RemoveAll(dir) // what is left is in a temporary folder
}
