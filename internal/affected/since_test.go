package affected

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/git"
)

// sh runs a script in the working directory.
func sh(t *testing.T, script string) {
	t.Helper()
	command := exec.Command("sh", "-ec", script)
	if text, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", script, err, text)
	}
}

// TestSince: what git tells of a change, and what it does not tell. Each case begins with a repository of its own that
// has the definition "one" of the script act.sh, and "two" of two.sh, in the folder top; its last lines are the change.
func TestSince(t *testing.T) {
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("no git")
	}
	for name, value := range map[string]string{
		"GIT_CONFIG_GLOBAL": filepath.Join(t.TempDir(), "config"), "GIT_CONFIG_SYSTEM": os.DevNull,
		"GIT_AUTHOR_NAME": "a", "GIT_AUTHOR_EMAIL": "a@b", "GIT_COMMITTER_NAME": "a", "GIT_COMMITTER_EMAIL": "a@b",
	} {
		t.Setenv(name, value)
	}
	sh(t, "git config --global protocol.file.allow always; git config --global init.defaultBranch main")
	tests := []struct{ name, before, change, want string }{
		{"nothing", "", "", ""},
		{"something else", "", "echo x >other; mkdir -p sub/images; echo x >sub/images/one.yaml", ""},
		{"the script", "", "echo x >>act.sh", "one"},
		{"the script, moved away", "", "git mv act.sh moved.sh; git commit -qm x", "one"},
		{"the definition, not known to git yet", "", "cp images/one.yaml images/three.yaml; sed -i s/one/three/ images/three.yaml", "three"},
		{"diff.relative, from a folder below", "git config diff.relative true; mkdir sub; cd sub", "echo x >>../act.sh", "one"},
		{"diff.noprefix, diff.orderFile, renames, quotes", "git config diff.noprefix true; git config diff.renames copies; git config core.quotepath true; mv act.sh é.sh; sed -i s/act.sh/é.sh/ images/one.yaml", "git config diff.orderFile none; echo x >>é.sh", "one"},
		{"a program in place of git's diff", "git config diff.external false; printf '*.sh diff=x\\n' >.gitattributes; git config diff.x.textconv false", "echo x >>act.sh", "one"},
		{"an edit in a submodule", submodule, "echo x >>lib/act.sh", "one"},
		{"a commit in a submodule", submodule, "git -C lib commit -qm x --allow-empty", "one"},
		{"another commit of a submodule", submodule, "git -C lib commit -qm x --allow-empty; git commit -qam x", "one"},
		{"a submodule that git is told to ignore", submodule + "; git config -f .gitmodules submodule.lib.ignore all; git config diff.ignoreSubmodules all", "echo x >>lib/act.sh", "one"},
		{"something beside a submodule", submodule, "echo x >other", ""},
		{"a repository within that git does not know", "sed -i s,act.sh,nested/act.sh, images/one.yaml", "git init -q nested; cp act.sh nested; git -C nested add .; git -C nested commit -qm x", "one"},
		{"a script behind a link", "mkdir lib; mv act.sh lib; ln -s lib/act.sh act.sh", "echo x >>lib/act.sh", "one"},
		{"the link itself", "mv act.sh a; cp a b; ln -s a act.sh", "ln -sf b act.sh", "one"},
		{"a link to a link in a folder behind a link", "mkdir -p a/b; mv act.sh a/b/c; ln -s c a/b/d; ln -s a/b e; ln -s e/d act.sh", "echo x >>a/b/c", "one"},
		{"definitions behind a link", "git mv images defs; ln -s defs images", "echo '# x' >>defs/one.yaml", "one"},
		{"one definition behind a link", "git mv images/one.yaml one.yaml; ln -s ../one.yaml images/one.yaml", "echo '# x' >>one.yaml", "one"},
		{"a script outside of the repository", "mv act.sh ..; ln -s ../act.sh act.sh", "", "one"},
		{"a script that git ignores", "echo act.sh >.gitignore; git rm -q --cached act.sh", "", "one"},
		{"a script in a folder that git ignores", "mkdir bin; echo bin/ >.gitignore; git mv act.sh bin/act.sh; git rm -qr --cached bin; sed -i s,act.sh,bin/act.sh, images/one.yaml", "", "one"},
		{"something else that git ignores", "echo dist >.gitignore; mkdir dist; echo x >dist/act.sh", "", ""},
		{"a script that git does not look at", "", "git update-index --assume-unchanged act.sh; echo x >>act.sh", "one"},
		{"a script that git leaves out", "", "git update-index --skip-worktree act.sh; echo x >>act.sh", "one"},
		{"a sparse checkout", "mkdir -p a b; echo x >b/x; git add .; git commit -qm x; git sparse-checkout set a images", "", ""},
		{"pathspecs taken as they are", "export GIT_LITERAL_PATHSPECS=1", "rm act.sh; git rm -q --cached act.sh; git commit -qm x; echo x >act.sh", "one"},
		{"another work tree", "git worktree add -q ../tree; cd ../tree", "echo x >>act.sh", "one"},
		{"a case that the file system does not tell", "", "git mv act.sh Act.sh; git commit -qm x; mv Act.sh act.sh", "one"},
		{"a Go package behind a link", golang, "echo '// x' >>real/lib.go", "one"},
		{"a Go file behind a link", golang + "; mv act/main.go main.txt; ln -s ../main.txt act/main.go", "echo '// x' >>main.txt", "one"},
		{"a Go file that git ignores", golang + "; echo 'package main' >act/made.go; echo made.go >.gitignore", "", "one"},
		{"an embedded file that git ignores", golang + "; mkdir act/dist; echo x >act/dist/x; printf 'package main\\nimport _ \"embed\"\\n//go:embed dist/x\\nvar x string\\n' >act/x.go; echo dist >.gitignore", "", "one"},
		{"what git ignores beside a package", golang + "; mkdir act/dist; echo x >act/dist/x; echo dist >.gitignore", "", ""},
		{"a workspace", golang + "; printf 'go 1.22\\nuse ./\\n' >go.work", "echo '// x' >>go.work", "one"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			top := filepath.Join(t.TempDir(), "top")
			if err := os.MkdirAll(top, 0o777); err != nil {
				t.Fatal(err)
			}
			t.Chdir(top)
			sh(t, `git init -q; mkdir images; for i in one two; do printf "name: $i\nbase: scratch\naction: ../$i.sh\n" >images/$i.yaml; echo '#!/bin/sh' >$i.sh; done
				mv one.sh act.sh; sed -i s/one.sh/act.sh/ images/one.yaml; git add -A; git commit -qm 0
				`+test.before+`
				GIT_LITERAL_PATHSPECS=0 git add -A :/; git commit -qm 1 --allow-empty; git tag base
				`+test.change+`
				pwd >`+top+`.pwd`)
			here, err := os.ReadFile(top + ".pwd")
			if err != nil {
				t.Fatal(err)
			}
			t.Chdir(strings.TrimSpace(string(here)))
			if strings.Contains(test.before, "LITERAL") {
				t.Setenv("GIT_LITERAL_PATHSPECS", "1")
			}
			dir := "images"
			if _, err := os.Stat(dir); err != nil {
				dir = "../images"
			}
			if diff := cmp.Diff(strings.Fields(test.want), since(t, dir)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

const (
	submodule = "git init -q ../lib; mv act.sh ../lib; (cd ../lib; git add .; git commit -qm 1); git submodule -q add file://$PWD/../lib lib; sed -i s,act.sh,lib/act.sh, images/one.yaml"
	golang    = `printf 'module example.com/x\ngo 1.22\n' >go.mod; mkdir act real; ln -s real lib; echo 'package lib' >real/lib.go
		printf 'package main\nimport _ "example.com/x/lib"\nfunc main() {}\n' >act/main.go; sed -i s/act.sh/act/ images/one.yaml`
)

// since returns the images that differ from the tag base.
func since(t *testing.T, dir string) []string {
	t.Helper()
	definitions, err := images.Load(images.Dir(dir), nil)
	if err != nil {
		t.Fatal(err)
	}
	base, err := git.Since(t.Context(), "base")
	if err != nil {
		t.Fatal(err)
	}
	change, err := Since(t.Context(), base)
	if err != nil {
		t.Fatal(err)
	}
	found, err := Images(t.Context(), definitions, change)
	if err != nil {
		t.Fatal(err)
	}
	return append([]string{}, names(found)...)
}
