// Package git lists the changes in the git repository of the working directory.
//
//	base, err := git.Since(ctx, "origin/main")
//	files, err := base.Changed(ctx)
//	former, err := base.File(ctx, "images/sizes.json")
//
// All paths are as seen from the working directory, with slashes. Where that lies behind a symbolic link, it is the
// folder at the link's end, for git knows no other.
package git

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Base is the commit that a change began with: the last one that it has in common with a revision.
type Base struct {
	commit string // "" where it is not in this clone
	prefix string // the working directory below the top of the repository, as "a/b/"
}

// Since returns the commit that HEAD has in common with a revision: a branch, a tag or a commit. A commit that is not
// in this clone, and the zeros that CI systems give for a new branch, are a base of which nothing is known.
func Since(ctx context.Context, revision string) (Base, error) {
	prefix, err := Run(ctx, "", "rev-parse", "--show-prefix")
	if err != nil {
		return Base{}, err
	}
	base := Base{prefix: strings.TrimSpace(string(prefix))}
	_, err = Run(ctx, "", "rev-parse", "--verify", "--quiet", "--end-of-options", revision+"^{commit}")
	switch {
	case isHash(revision) && err != nil:
		return base, ctx.Err()
	case err != nil:
		return base, fmt.Errorf("git knows no revision %q: fetch it first, with the history (git fetch --unshallow)", revision)
	}
	common, err := Run(ctx, "", "merge-base", "--end-of-options", revision, "HEAD")
	if err != nil {
		return base, fmt.Errorf("HEAD has no commit in common with %s: fetch the history (fetch-depth: 0, GIT_DEPTH: 0)", revision)
	}
	base.commit = strings.TrimSpace(string(common))
	return base, nil
}

// isHash reports whether a revision is a whole hash, SHA-1 or SHA-256.
func isHash(revision string) bool {
	return (len(revision) == 40 || len(revision) == 64) && strings.Trim(revision, "0123456789abcdef") == ""
}

// Known reports whether anything is known of the base. Where nothing is, everything counts as changed.
func (b Base) Known() bool { return b.commit != "" }

// Changed returns the files that differ from the base: in commits, in the working tree, or because they are untracked
// or marked as unchanged. Ignored files are left out. A nested repository, such as a submodule, stands for all its
// files.
func (b Base) Changed(ctx context.Context) ([]string, error) {
	if !b.Known() {
		return nil, errors.New("nothing is known of the base")
	}
	differ, err := Run(ctx, "", "diff", "--name-only", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none",
		"-O"+os.DevNull, "-z", b.commit, "--")
	if err != nil {
		return nil, err
	}
	fresh, err := list(ctx, "--others", "--exclude-standard")
	if err != nil {
		return nil, err
	}
	unwatched, err := b.unwatched(ctx)
	if err != nil {
		return nil, err
	}
	return append(b.seen(append(strings.Split(string(differ), "\x00"), fresh...)), unwatched...), nil
}

// Ignored returns ignored files, and folders with ignored files alone. git cannot tell whether they have changed.
func (b Base) Ignored(ctx context.Context) ([]string, error) {
	names, err := list(ctx, "--others", "--ignored", "--exclude-standard", "--directory")
	return b.seen(names), err
}

// Holds reports whether a file is below the top of the repository.
func (b Base) Holds(file string) bool {
	up := 0
	for rest := path.Clean(filepath.ToSlash(file)); rest == ".." || strings.HasPrefix(rest, "../"); up++ {
		rest = strings.TrimPrefix(rest[2:], "/")
	}
	return up <= strings.Count(b.prefix, "/")
}

// unwatched returns the files that are there and that git was told not to look at (git update-index --assume-unchanged,
// --skip-worktree).
func (b Base) unwatched(ctx context.Context) ([]string, error) {
	listed, err := list(ctx, "-v")
	var files []string
	for _, line := range listed {
		tag, name, _ := strings.Cut(line, " ")
		if strings.Trim(tag, "HMRCK?") == "" {
			continue
		}
		file := b.seen([]string{name})
		if _, err := os.Lstat(filepath.FromSlash(file[0])); err == nil {
			files = append(files, file...)
		}
	}
	return files, err
}

// list returns the output of git ls-files for the whole repository.
func list(ctx context.Context, args ...string) ([]string, error) {
	listed, err := Run(ctx, "", append(append([]string{"ls-files"}, args...), "--full-name", "-z", "--", ":/")...)
	if err != nil || len(listed) == 0 {
		return nil, err
	}
	return strings.Split(strings.TrimSuffix(string(listed), "\x00"), "\x00"), nil
}

// seen returns names as seen from the working directory. A folder loses its slash.
func (b Base) seen(names []string) []string {
	var files []string
	for _, name := range names {
		if name == "" {
			continue
		}
		file, err := filepath.Rel("/"+b.prefix, "/"+name)
		if err != nil { // both are absolute
			file = name
		}
		files = append(files, filepath.ToSlash(file))
	}
	return files
}

// File returns the content of a file in the base, or nil if the base does not have it.
func (b Base) File(ctx context.Context, file string) ([]byte, error) {
	if !b.Known() {
		return nil, nil
	}
	name := path.Join(b.prefix, filepath.ToSlash(file))
	listed, err := Run(ctx, "", "ls-tree", "--full-tree", "--name-only", "-z", b.commit, "--", name)
	if err != nil || len(listed) == 0 {
		return nil, err
	}
	return Run(ctx, "", "cat-file", "blob", b.commit+":"+name)
}

// Top returns the top folder of the repository that a folder is in.
func Top(ctx context.Context, dir string) (string, error) {
	top, err := Run(ctx, dir, "rev-parse", "--show-toplevel")
	return strings.TrimSuffix(string(top), "\n"), err
}
