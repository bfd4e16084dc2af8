package provenance

import (
	"context"
	"errors"
	"path"
	"path/filepath"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/git"
)

// Checkout is the work tree of a git repository that a folder is in. The zero value is none.
type Checkout struct {
	Repository string // public address, as "git+https://…" without credentials; "" if there is none
	Commit     string // in hexadecimal; "" is no checkout
	Modified   bool   // something differs from the commit
	Reason     string // git's message, one line, if the folder is in no checkout although git was asked

	top string // its folder on this machine
}

// Find returns the checkout that dir is in. It asks the git command; where there is none, there is no checkout.
func Find(ctx context.Context, dir string) Checkout {
	commit, err := ask(ctx, dir, "rev-parse", "--verify", "HEAD^{commit}")
	if err != nil {
		return Checkout{Reason: reason(err)}
	}
	top, err := ask(ctx, dir, "rev-parse", "--show-toplevel")
	if err != nil {
		return Checkout{Reason: reason(err)}
	}
	// Untracked files count inside the folder, and not elsewhere: builds leave some.
	tracked, err := ask(ctx, dir, "status", "--porcelain", "--untracked-files=no")
	near, other := ask(ctx, dir, "status", "--porcelain", "--", ".")
	remote, _ := ask(ctx, dir, "remote", "get-url", "origin") // without a remote, the repository is not public
	return Checkout{
		Repository: public(remote), Commit: commit, top: top,
		Modified: err != nil || other != nil || tracked != "" || near != "",
	}
}

// Material returns the checkout as a material.
func (c Checkout) Material() Material {
	m := Material{Name: SourceName, URI: c.Repository, Digest: map[string]string{"gitCommit": c.Commit}}
	if c.Modified {
		m.Annotations = map[string]any{"modified": true}
	}
	return m
}

// Name returns how a statement calls a file or a folder: by its path in the checkout, else by its last element alone.
func (c Checkout) Name(file string) string {
	last := filepath.Base(file)
	whole, err := filepath.Abs(file)
	if err != nil || c.top == "" {
		return last
	}
	// git resolves symbolic links in the top folder.
	if real, err := filepath.EvalSymlinks(whole); err == nil {
		whole = real
	}
	inside, err := filepath.Rel(c.top, whole)
	if err != nil || !filepath.IsLocal(inside) {
		return filepath.Base(whole)
	}
	return path.Clean(filepath.ToSlash(inside))
}

// ask returns the output of a git command, without the last line end.
func ask(ctx context.Context, dir string, args ...string) (string, error) {
	answer, err := git.Run(ctx, dir, args...)
	return strings.TrimRight(string(answer), "\r\n"), err
}

// reason returns git's message, or "" if it only says that this is no repository.
func reason(err error) string {
	var said *git.Error
	if !errors.As(err, &said) || strings.Contains(said.Text, "not a git repository") {
		return ""
	}
	return said.Text
}
