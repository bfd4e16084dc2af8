package source_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// section returns the text of CONTRIBUTING.md below a heading, up to the next heading.
func section(t *testing.T, heading string) string {
	t.Helper()
	text, err := os.ReadFile("CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	_, below, found := strings.Cut(string(text), "\n"+heading+"\n")
	if !found {
		t.Fatalf("CONTRIBUTING.md has no heading %q", heading)
	}
	below, _, _ = strings.Cut(below, "\n##")
	return below
}

// roomsOf returns the folders that a tree names: a line each, with two spaces for each level. A line without a text
// names a folder that only holds others.
func roomsOf(t *testing.T, tree string) (rooms map[string]string) {
	t.Helper()
	rooms = map[string]string{}
	var above []string
	for _, line := range strings.Split(tree, "\n") {
		name, text, _ := strings.Cut(strings.TrimSpace(line), " ")
		level := (len(line) - len(strings.TrimLeft(line, " "))) / 2
		if !strings.HasSuffix(name, "/") || level > len(above) {
			t.Fatalf("no line of a tree: %q", line)
		}
		above = append(above[:level], name)
		rooms[path.Join(above...)] = strings.TrimSpace(text)
	}
	return rooms
}

// packages returns the folders of this module that hold Go files.
func packages(t *testing.T) []string {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !entry.IsDir() {
			if strings.HasSuffix(name, ".go") {
				found[path.Dir(filepath.ToSlash(name))] = true
			}
			return nil
		}
		_, nested := os.Stat(filepath.Join(name, "go.mod"))
		hidden := strings.HasPrefix(entry.Name(), ".") || strings.HasPrefix(entry.Name(), "_") || entry.Name() == "testdata"
		if name != "." && (nested == nil || hidden) {
			return fs.SkipDir
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(found))
}

// TestHouse holds the tree in CONTRIBUTING.md to the packages of the module.
func TestHouse(t *testing.T) {
	_, tree, _ := strings.Cut(section(t, "## The house"), "```\n")
	tree, _, _ = strings.Cut(tree, "\n```")
	rooms, all := roomsOf(t, tree), packages(t)
	for _, name := range all {
		if rooms[name] == "" {
			t.Errorf("CONTRIBUTING.md has no line for the package %s", name)
		}
	}
	for room, text := range rooms {
		isPackage := slices.Contains(all, room)
		holds := slices.ContainsFunc(all, func(name string) bool { return below(name, room) })
		if !holds || !isPackage && text != "" {
			t.Errorf("CONTRIBUTING.md has a line for %s, which is no package", room)
		}
	}
}

// functionsIn returns the functions that a Go file declares, methods as Type.Method.
func functionsIn(t *testing.T, file string) map[string]bool {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]bool{}
	for _, declared := range parsed.Decls {
		function, ok := declared.(*ast.FuncDecl)
		if !ok {
			continue
		}
		name := function.Name.Name
		if function.Recv != nil {
			receiver := function.Recv.List[0].Type
			if star, ok := receiver.(*ast.StarExpr); ok {
				receiver = star.X
			}
			if named, ok := receiver.(*ast.Ident); ok {
				name = named.Name + "." + name
			}
		}
		found[name] = true
	}
	return found
}

// TestWalks holds that each step of the two walks in CONTRIBUTING.md names functions that are declared in the files
// that it names.
func TestWalks(t *testing.T) {
	for _, heading := range []string{"### How `mkimage build bash --push` goes", "### How a `POST /run` goes"} {
		steps := regexp.MustCompile(`(?m)^\d+\. `).Split(section(t, heading), -1)[1:]
		if len(steps) != 10 {
			t.Errorf("%s: %d steps, want 10", heading, len(steps))
		}
		for _, step := range steps {
			declared := map[string]bool{}
			var functions []string
			for _, span := range regexp.MustCompile("`([^`]+)`").FindAllStringSubmatch(step, -1) {
				if strings.HasSuffix(span[1], ".go") {
					maps.Copy(declared, functionsIn(t, span[1]))
				} else {
					functions = append(functions, span[1])
				}
			}
			for _, name := range functions {
				if !declared[name] {
					t.Errorf("%s: no file of this step declares %s: %s", heading, name, step)
				}
			}
			if len(functions) == 0 {
				t.Errorf("%s: a step names no function: %s", heading, step)
			}
		}
	}
}
