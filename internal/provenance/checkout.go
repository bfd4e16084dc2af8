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
	Repository string // where others can get it, as "git+https://…" without credentials; "" when nobody else can
	Commit     string // in hexadecimal; "" is no checkout
	Modified   bool   // something differs from the commit
	Reason     string // why it is none although git was asked: what git says, a line

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
	// Files that nobody has added count where the image comes from, and not elsewhere: builds leave some.
	tracked, err := ask(ctx, dir, "status", "--porcelain", "--untracked-files=no")
	near, other := ask(ctx, dir, "status", "--porcelain", "--", ".")
	remote, _ := ask(ctx, dir, "remote", "get-url", "origin") // without one, nobody else has the repository
	return Checkout{
		Repository: public(remote), Commit: commit, top: top,
		Modified: err != nil || other != nil || tracked != "" || near != "",
	}
}

// Material returns the checkout as a material.
func (c Checkout) Material() Material {
	m := Material{Name: "source", URI: c.Repository, Digest: map[string]string{"gitCommit": c.Commit}}
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
	// What git calls the top has no symbolic links in it.
	if real, err := filepath.EvalSymlinks(whole); err == nil {
		whole = real
	}
	inside, err := filepath.Rel(c.top, whole)
	if err != nil || !filepath.IsLocal(inside) {
		return filepath.Base(whole)
	}
	return path.Clean(filepath.ToSlash(inside))
}

// ask returns what a git command prints, without the last line end.
func ask(ctx context.Context, dir string, args ...string) (string, error) {
	answer, err := git.Run(ctx, dir, args...)
	return strings.TrimRight(string(answer), "\r\n"), err
}

// reason returns what git says, unless it is that this is no repository, which needs no words.
func reason(err error) string {
	var said *git.Error
	if !errors.As(err, &said) || strings.Contains(said.Text, "not a git repository") {
		return ""
	}
	return said.Text
}
