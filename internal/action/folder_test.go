package action

import (
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"
)

// withStemcells returns the tree of an image with stemcells of mkimage.
func withStemcells(t *testing.T, known stemcells.Set, names ...string) Tree {
	t.Helper()
	picked, err := known.Pick(names)
	if err != nil {
		t.Fatal(err)
	}
	l := named(map[string]string{"bin/sh": ""})
	for _, stemcell := range picked {
		for _, file := range stemcell.Image() {
			l.Entries = append(l.Entries, content.Entry{Path: file.Path, Type: '0', Mode: 0o755})
		}
	}
	tree := NewTree([]string{"PATH=/bin", "OW_LAUNCHER=" + stemcells.Launchers(picked)}, l)
	for _, stemcell := range picked {
		for _, file := range stemcell.Image() {
			tree.Know(file.Path, file.Content)
		}
	}
	return tree
}

func shipped(t *testing.T) stemcells.Set {
	t.Helper()
	known, err := stemcells.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	return known
}

// write writes files into a folder; "->TARGET" is a symlink.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(files)) {
		at := filepath.Join(dir, filepath.FromSlash(name))
		err := os.MkdirAll(filepath.Dir(at), 0o777)
		if target, ok := strings.CutPrefix(files[name], "->"); err == nil && ok {
			err = os.Symlink(target, at)
		} else if err == nil {
			err = os.WriteFile(at, []byte(files[name]), 0o666)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// bakeAt bakes what is at a path into an image with stemcells.
func bakeAt(t *testing.T, path string, below Tree, options Options) (Baked, error) {
	t.Helper()
	source, err := Open(path, options)
	if err != nil {
		return Baked{}, err
	}
	return source.Bake(t.Context(), images.LinuxAMD64, below)
}

func TestBakeFunction(t *testing.T) {
	known := shipped(t)
	all := []string{"bash", "ruby", "python"}
	for name, test := range map[string]struct {
		stemcells []string
		files     map[string]string // of a folder, or the one file
		start     string
		want      []string
	}{
		"a file":                  {[]string{"bash"}, map[string]string{"greet.sh": "main() { :; }"}, "main.sh", []string{"main.sh"}},
		"of the usual name":       {[]string{"ruby"}, map[string]string{"main.rb": "def main(a) = a"}, "main.rb", []string{"main.rb"}},
		"of one of several":       {all, map[string]string{"handler.py": "def main(a): return a"}, "main.py", []string{"main.py"}},
		"of an unknown extension": {all, map[string]string{"greet": "main() { :; }"}, "main.sh", []string{"main.sh"}},
		"a blank in its name":     {all, map[string]string{"mein Grüß.rb": "def main(a) = a"}, "main.rb", []string{"main.rb"}},
		"a folder": {all, map[string]string{"main.rb": "1", "lib/greet.rb": "2", "run.sh": "#!/bin/sh\n", "a\nb ü": "3", ".git/HEAD": "x", "dist/sizes.json": "{}", "dist/x/index.json": "{}", "sub/.git": "x", "sub/x": "->../lib"}, "main.rb",
			[]string{"a\nb ü", "lib/", "lib/greet.rb", "main.rb", "run.sh *", "sub/", "sub/x -> ../lib"}},
		"less what is ignored": {[]string{"python"}, map[string]string{"main.py": "1", ".dockerignore": "# no tests\ntests\n**/*.pyc\nvenv\n!venv/keep\n", "tests/a.py": "2", "lib/x.pyc": "3", "lib/x.py": "4", "venv/x": "5", "venv/keep": "6", "old/x.pyc": "7"}, "main.py",
			[]string{"lib/", "lib/x.py", "main.py", "old/", "venv/", "venv/keep"}},
		"a program":           {nil, map[string]string{"exec": "#!/bin/sh\n", "data": "1"}, "exec", []string{"data", "exec *"}},
		"Latin-1 by name":     {[]string{"python"}, map[string]string{"a.py": "# -*- coding: latin-1 -*-\n# \xfc\n"}, "main.py", []string{"main.py"}},
		"with a virtualenv":   {[]string{"python"}, map[string]string{"main.py": "1", "requirements.txt": "requests\n", "virtualenv/x": ""}, "main.py", []string{"main.py", "requirements.txt", "virtualenv/", "virtualenv/x"}},
		"an archive in it":    {[]string{"bash"}, map[string]string{"main.sh": "1", "more.zip": zipped(entry{"main.rb", "2", 0o644})}, "main.sh", []string{"main.sh", "more.zip"}},
		"a zip":               {[]string{"ruby"}, map[string]string{"a.zip": zipped(entry{"main.rb", "1", 0o640}, entry{"x", "2", 0o755})}, "main.rb", []string{"main.rb", "x *"}},
		"a secret with leave": {[]string{"bash"}, map[string]string{"main.sh": "1", ".env": "A=1", ".dockerignore": "!.env\n"}, "main.sh", []string{".env", "main.sh"}},
	} {
		t.Run(name, func(t *testing.T) {
			path := t.TempDir()
			write(t, path, test.files)
			if len(test.files) == 1 {
				for name := range test.files {
					path = filepath.Join(path, name)
				}
			}
			baked, err := bakeAt(t, path, withStemcells(t, known, test.stemcells...), Options{Stemcells: known})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, f := range baked.Files {
				line := strings.TrimPrefix(f.Path, Dir+"/")
				switch {
				case f.Mode.IsDir():
					line += "/"
				case f.Link != "":
					line += " -> " + f.Link
				case f.Mode == 0o755:
					line += " *"
				case f.Mode != 0o644:
					line += fmt.Sprint(" ", f.Mode)
				}
				if got = append(got, line); f.UID != User || f.GID != 0 {
					t.Errorf("%s is of %d:%d", f.Path, f.UID, f.GID)
				}
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if baked.Start != test.start || baked.Function != (test.start != "exec") {
				t.Errorf("it starts %q, a function: %v", baked.Start, baked.Function)
			}
		})
	}
}

func TestBakeRefusesFunctions(t *testing.T) {
	const key = "-----BEGIN RSA PRIVATE KEY-----\nMIIB\n-----END RSA PRIVATE KEY-----\n"
	known := shipped(t)
	for name, test := range map[string]struct {
		stemcells []string
		files     map[string]string // of a folder, or the one file
		want      string
	}{
		"no stemcell":         {nil, map[string]string{"greet": "main"}, "the code is source without a #! line, and this image has nothing to run it with (send a program, a script that begins with #!, or a zip with exec)"},
		"another stemcell":    {[]string{"bash"}, map[string]string{"a.py": "1"}, "a.py is a function for the stemcell python, which this image does not have: take the image python, or add python to stemcells in its definition"},
		"another's folder":    {[]string{"bash"}, map[string]string{"main.rb": "1", "x": ""}, "main.rb is a function for the stemcell ruby, which this image does not have: take the image ruby, or add ruby to stemcells in its definition"},
		"no main file":        {[]string{"bash", "ruby"}, map[string]string{"greet.sh": "1", "lib/x.sh": "2"}, `the folder has no Go file, and none of exec, main.sh, main.bash, main.rb; it holds "greet.sh", "lib/x.sh"`},
		"two of them":         {[]string{"bash", "ruby"}, map[string]string{"main.sh": "1", "main.rb": "2"}, "there are two main files, main.sh for bash and main.rb for ruby (keep one of them, or set OW_STEMCELL in the image)"},
		"two in a zip":        {[]string{"bash", "ruby"}, map[string]string{"a.zip": zipped(entry{"main.sh", "1", 0o644}, entry{"main.rb", "1", 0o644})}, "there are two main files, main.sh for bash and main.rb for ruby (keep one of them, or set OW_STEMCELL in the image)"},
		"nothing left":        {[]string{"bash"}, map[string]string{"main.sh": "1", ".dockerignore": "*\n"}, "its .dockerignore leaves nothing of it"},
		"main left out":       {[]string{"bash"}, map[string]string{"main.sh": "1", "x": "2", ".dockerignore": "*.sh\n"}, `the folder has no Go file, and none of exec, main.sh, main.bash; it holds "x" (.dockerignore leaves files out)`},
		"a bad pattern":       {[]string{"bash"}, map[string]string{"main.sh": "1", ".dockerignore": "[\n"}, "DIR/.dockerignore: syntax error in pattern"},
		"a link that leaves":  {[]string{"python"}, map[string]string{"main.py": "1", "venv/python": "->/usr/bin/python3"}, "DIR/venv/python is a symlink to /usr/bin/python3, which leads out of the folder: put the file itself there, or name the link in .dockerignore"},
		"through another":     {[]string{"bash"}, map[string]string{"main.sh": "->up/x", "up": "->..", "x": ""}, "DIR/main.sh is a symlink to up/x, which leads out of the folder: put the file itself there, or name the link in .dockerignore"},
		"links in a circle":   {[]string{"bash"}, map[string]string{"main.sh": "1", "a": "->b", "b": "->a"}, "DIR/a is a symlink that leads in a circle: remove it, or name it in .dockerignore"},
		"a zip in a zip":      {[]string{"bash"}, map[string]string{"a.zip": zipped(entry{"b.zip", zipped(entry{"main.sh", "1", 0o644}), 0o644})}, `the archive has no exec or main.sh or main.bash at its top; it holds "b.zip"`},
		"a folder in a zip":   {[]string{"python"}, map[string]string{"a.zip": zipped(entry{"greet/main.py", "1", 0o644})}, `the archive has no exec or main.py or __main__.py or main__.py at its top but "greet/main.py": pack what is in the folder, not the folder (cd "greet" && zip -r ../action.zip .)`},
		"an exec for another": {nil, map[string]string{"exec": "#!/usr/bin/perl\n", "x": ""}, `the script needs "/usr/bin/perl", which is not in this image (take an image that has it)`},
		"a name of ours":      {[]string{"bash"}, map[string]string{"main.sh": "1", ".proxy-1": ""}, "DIR/.proxy-1: no file of an action in an image can have this name: rename it, or name it in .dockerignore"},
		"Windows line ends":   {[]string{"bash"}, map[string]string{"greet.sh": "main() {\r\n  :\r\n}\r\n"}, "main.sh has Windows line ends, with which Bash cannot read it: save it with LF line ends"},
		"Latin-1":             {[]string{"python"}, map[string]string{"a.py": "\n# \xfc\n"}, "main.py is not UTF-8 in line 2: save it as UTF-8, or name its encoding in the first line: # -*- coding: latin-1 -*-"},
		"UTF-16":              {[]string{"python"}, map[string]string{"main.py": "\xff\xfed\x00", "x": ""}, "main.py has a zero byte in line 1, so it is no text in UTF-8: save it as UTF-8"},
		"requirements": {[]string{"python"}, map[string]string{"main.py": "1", "requirements.txt": "# they\nrequests>=2\nPy_YAML\n-r more.txt\nhttps://x/y.whl\nold; python_version < '3'\n"},
			"requirements.txt wants requests, Py_YAML, which neither the image nor a folder virtualenv has: install it with a step of the definition, run: [{script: PIP_BREAK_SYSTEM_PACKAGES=1 pip install -r /run/files/requirements.txt, files: [requirements.txt], packages: [py3-pip], network: true}]"},
		"a whiteout": {[]string{"bash"}, map[string]string{"main.sh": "1", "a/.wh.x": ""}, "DIR/a/.wh.x: no file of an action in an image can have this name: rename it, or name it in .dockerignore"},
		"secrets": {[]string{"bash"}, map[string]string{"main.sh": "1", ".env": "A=1", "conf/id_rsa": "", "deep/server.pem": key, "ok/.env.example": "", "words.txt": "say -----BEGIN PRIVATE KEY-----"},
			".env looks like a file of secrets by its name, conf/id_rsa looks like a file of secrets by its name, deep/server.pem looks like a private key, and would be there for others to read: name it in .dockerignore, or allow it with --allow-secret-file NAME"},
		"a secret in a zip": {[]string{"bash"}, map[string]string{"a.zip": zipped(entry{"main.sh", "1", 0o644}, entry{"k", key, 0o644})},
			"k looks like a private key, and would be there for others to read: name it in .dockerignore, or allow it with --allow-secret-file NAME"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, test.files)
			path := dir
			if len(test.files) == 1 {
				for name := range test.files {
					path = filepath.Join(path, name)
				}
			}
			_, err := bakeAt(t, path, withStemcells(t, known, test.stemcells...), Options{Stemcells: known})
			if err == nil {
				t.Fatal("it was accepted")
			}
			got := strings.ReplaceAll(strings.TrimPrefix(err.Error(), "bake "+show(path)+" for linux/amd64: "), dir, "DIR")
			if got != test.want || strings.Contains(got, "\n") {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
	t.Run("an empty folder", func(t *testing.T) {
		if _, err := bakeAt(t, t.TempDir(), withStemcells(t, known, "bash"), Options{}); err == nil || !strings.HasSuffix(err.Error(), ": the folder is empty") {
			t.Error(err)
		}
	})
}

// The layer of a folder hangs on its content: not on times, modes, or where it is.
func TestFolderIsTheSameEverywhere(t *testing.T) {
	known := shipped(t)
	files := map[string]string{"main.py": "def main(a): return a\n", "lib/x.py": "1", "lib/run": "#!/bin/sh\n", "link": "->lib/x.py", "empty": ""}
	diffID := func(dir string) string {
		baked, err := bakeAt(t, dir, withStemcells(t, known, "python"), Options{})
		if err != nil {
			t.Fatal(err)
		}
		made, err := layer.NewMaker(time.Unix(0, 0), cache.Dir{}).New(t.Context(), "action", baked.Files)
		if err != nil {
			t.Fatal(err)
		}
		id, _ := made.DiffID()
		return id.String()
	}
	linked := filepath.Join(t.TempDir(), "linked")
	first, second := t.TempDir(), filepath.Join(t.TempDir(), "other")
	write(t, first, files)
	for _, name := range slices.Backward(slices.Sorted(maps.Keys(files))) {
		write(t, second, map[string]string{name: files[name]})
	}
	err := filepath.WalkDir(second, func(name string, found os.DirEntry, err error) error {
		if err != nil || found.Type() == os.ModeSymlink {
			return err
		}
		if err := os.Chmod(name, 0o700); err != nil {
			return err
		}
		return os.Chtimes(name, time.Unix(1, 0), time.Unix(1, 0))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(second, linked); err != nil {
		t.Fatal(err)
	}
	if a, b, c := diffID(first), diffID(second), diffID(linked); a != b || b != c {
		t.Errorf("%s, %s and through a symlink %s", a, b, c)
	}
}

// Of a large folder, nothing is held in memory, and the limits of an upload do not hold.
func TestLargeFolder(t *testing.T) {
	known, dir := shipped(t), t.TempDir()
	write(t, dir, map[string]string{"main.sh": "main() { :; }"})
	large, err := os.Create(filepath.Join(dir, "large"))
	if err == nil {
		err = large.Truncate(600 << 20) // no block of it is on the disk
	}
	if err != nil {
		t.Fatal(err)
	}
	large.Close()
	baked, err := bakeAt(t, dir, withStemcells(t, known, "bash"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(baked.Files, func(f layer.File) bool { return f.Path == "action/large" })
	if at < 0 || baked.Files[at].Size != 600<<20 {
		t.Fatalf("%v", describe(baked.Files))
	}
	content, err := baked.Files[at].Open()
	if err != nil {
		t.Fatal(err)
	}
	defer content.Close()
	if _, err := io.CopyN(io.Discard, content, 1<<20); err != nil {
		t.Error(err)
	}
}

// TestManyFiles has as many files in a folder as an archive of an upload may have, nearly.
func TestManyFiles(t *testing.T) {
	const many = 60_000
	known, dir := shipped(t), t.TempDir()
	write(t, dir, map[string]string{"main.sh": "main() { :; }", "d/first": ""})
	for i := range many - 2 {
		if err := os.Link(filepath.Join(dir, "d/first"), filepath.Join(dir, "d", fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
	}
	baked, err := bakeAt(t, dir, withStemcells(t, known, "bash"), Options{})
	if err != nil || len(baked.Files) != many+1 {
		t.Errorf("%d files, %v", len(baked.Files), err)
	}
}
