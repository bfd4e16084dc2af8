package dev

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	source "github.com/sciabarracom/openwhisk-runtime-go"
	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/build"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"
)

// deadline is how long a test waits for a line.
const deadline = 90 * time.Second

// lines takes what is written, line by line.
type lines chan string

func (l lines) Write(p []byte) (int, error) {
	for line := range strings.Lines(string(p)) {
		l <- strings.TrimRight(line, "\n")
	}
	return len(p), nil
}

// see waits for a line with a text.
func (l lines) see(t *testing.T, text string) {
	t.Helper()
	var seen []string
	for late := time.After(deadline); ; {
		select {
		case line := <-l:
			if strings.Contains(line, text) {
				return
			}
			seen = append(seen, line)
		case <-late:
			t.Fatalf("no line with %q, but %q", text, seen)
		}
	}
}

// project is a folder with a function in bash.
type project struct {
	dir    string
	screen lines
	stop   func() error // ends the session, and returns its error
}

func (p project) write(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(p.dir, name)
	if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o777), os.WriteFile(file, []byte(text), 0o666)); err != nil {
		t.Fatal(err)
	}
}

func answering(word string) string { return "main() { printf '{\"answer\":\"" + word + "\"}'; }\n" }

// begin starts a session with a function that answers "one".
func begin(t *testing.T, store cache.Dir, prepare ...func(project)) project {
	t.Helper()
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	p := project{dir: t.TempDir(), screen: make(lines, 10_000)}
	p.write(t, "images/greet.yaml", "name: greet\nbase: alpine\nalpine: v3.22\nstemcells: [bash]\naction: ../greet.sh\n")
	p.write(t, "greet.sh", answering("one"))
	for _, each := range prepare {
		each(p)
	}
	known, err := stemcells.Shipped()
	if err != nil {
		t.Fatal(err)
	}
	module, err := gobuild.Open(source.Files(), store)
	if err != nil {
		t.Fatal(err)
	}
	define := func() (images.Definition, error) {
		all, err := images.Load(images.Dir(filepath.Join(p.dir, "images")), known.Known(), "greet")
		if err != nil {
			return images.Definition{}, err
		}
		return all[0], nil
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() {
		ended <- Run(ctx, Options{
			Define: define, Local: true, Screen: NewScreen(Out{Writer: p.screen}, Out{Writer: p.screen}),
			Build: build.Options{Display: progress.New(io.Discard, progress.None), Cache: store, Packages: build.Packages{Stemcells: known}, Programs: build.Programs{Module: module}},
		})
	}()
	p.stop = func() error {
		cancel()
		select {
		case err := <-ended:
			if left, readErr := os.ReadDir(temp); len(left) > 0 || readErr != nil {
				err = errors.Join(err, readErr, fmt.Errorf("left %v", left))
			}
			return err
		case <-time.After(deadline):
			return errors.New("it does not end")
		}
	}
	return p
}

// TestDev holds that a function runs again after each change, whatever has changed, and that nothing is left.
func TestDev(t *testing.T) {
	store, err := cache.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]func(t *testing.T, p project){
		"a change": func(t *testing.T, p project) {
			p.write(t, "greet.sh", answering("two"))
			p.screen.see(t, `{"answer":"two"}`)
		},
		"a syntax error": func(t *testing.T, p project) {
			p.write(t, "greet.sh", "main() {\n  if true\n}\n")
			p.screen.see(t, filepath.Join(p.dir, "greet.sh")+": line 3: syntax error")
			p.write(t, "greet.sh", answering("two"))
			p.screen.see(t, `{"answer":"two"}`)
		},
		"an error of a run": func(t *testing.T, p project) {
			p.write(t, "greet.sh", "main() {\n  false\n}\n")
			p.screen.see(t, "greet.sh line 2: false")
			p.write(t, "greet.sh", answering("two"))
			p.screen.see(t, `{"answer":"two"}`)
		},
		"an endless loop": func(t *testing.T, p project) {
			p.write(t, "greet.sh", "main() { echo round >&2; while :; do :; done; }\n")
			p.screen.see(t, "| round")
			p.write(t, "greet.sh", answering("two"))
			p.screen.see(t, "is cut off")
			p.screen.see(t, `{"answer":"two"}`)
		},
		"a deleted file": func(t *testing.T, p project) {
			if err := os.Remove(filepath.Join(p.dir, "greet.sh")); err != nil {
				t.Fatal(err)
			}
			p.screen.see(t, "failed: there is no ")
			p.write(t, "greet.sh", answering("two"))
			p.screen.see(t, `{"answer":"two"}`)
		},
		"an editor that renames": func(t *testing.T, p project) {
			p.write(t, ".greet.sh.swp", answering("two"))
			if err := os.Rename(filepath.Join(p.dir, ".greet.sh.swp"), filepath.Join(p.dir, "greet.sh")); err != nil {
				t.Fatal(err)
			}
			p.screen.see(t, `{"answer":"two"}`)
		},
		"many saves": func(t *testing.T, p project) {
			for i := range 50 {
				p.write(t, "greet.sh", answering(fmt.Sprint("save", i)))
			}
			p.screen.see(t, `{"answer":"save49"}`)
		},
		"a value": func(t *testing.T, p project) {
			p.write(t, "greet.sh", "main() { printf '%s' \"$1\"; }\n")
			p.screen.see(t, "{}")
			p.write(t, "greet.json", `{"name": "Mike"}`)
			p.screen.see(t, `{"name":"Mike"}`)
			p.write(t, "greet.json", `{"name": `)
			p.screen.see(t, "greet.json")
		},
		"the definition": func(t *testing.T, p project) {
			p.write(t, "greet.sh", "main() { printf '{\"word\":\"%s\"}' \"$WORD\"; }\n")
			p.screen.see(t, `{"word":""}`)
			p.write(t, "images/greet.yaml", "name: greet\nbase: alpine\nalpine: v3.22\nstemcells: [bash]\naction: ../greet.sh\nenv: {WORD: new}\n")
			p.screen.see(t, `{"word":"new"}`)
			p.write(t, "images/greet.yaml", "nme: greet\n")
			p.screen.see(t, `unknown key "nme"`)
		},
		"an end by itself": func(t *testing.T, p project) {
			p.write(t, "greet.sh", "main() { kill -9 $PPID; kill -9 $$; }\n")
			p.screen.see(t, "failed: ")
			p.write(t, "greet.sh", answering("two"))
			p.screen.see(t, `{"answer":"two"}`)
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := begin(t, store)
			p.screen.see(t, `{"answer":"one"}`)
			test(t, p)
			if err := p.stop(); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestManyFiles holds that thousands of files are no burden, beside the function and in its folder, and that the last of many saves
// is answered.
func TestManyFiles(t *testing.T) {
	store, err := cache.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		function, folder string
		files            int
	}{
		"beside the function": {"greet.sh", ".", 10_000},
		"in its folder":       {"greet/main.sh", "greet", 2_000},
	} {
		t.Run(name, func(t *testing.T) {
			p := begin(t, store, func(p project) {
				if test.folder != "." {
					p.write(t, "images/greet.yaml", "name: greet\nbase: alpine\nalpine: v3.22\nstemcells: [bash]\naction: ../"+test.folder+"\n")
					p.write(t, test.function, answering("one"))
				}
				for i := range test.files {
					folder := filepath.Join(test.folder, "many", fmt.Sprint(i/100))
					if i%100 == 0 {
						p.write(t, filepath.Join(folder, "first"), "")
					}
					if err := os.WriteFile(filepath.Join(p.dir, folder, fmt.Sprint(i)), nil, 0o666); err != nil {
						t.Fatal(err)
					}
				}
			})
			p.screen.see(t, `{"answer":"one"}`)
			for i := range 10 {
				p.write(t, test.function, answering(fmt.Sprint("save", i)))
			}
			p.screen.see(t, `{"answer":"save9"}`)
			if err := p.stop(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestPortIsTaken(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	err = Run(t.Context(), Options{Port: listener.Addr().(*net.TCPAddr).Port})
	if err == nil || !strings.Contains(err.Error(), "is taken: name another with --port N") {
		t.Errorf("got %v", err)
	}
}

const program = `package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	fmt.Println("{\"openwhisk\":1}")
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		fmt.Println("{\"answer\":\"%s\"}")
	}
}
`

// TestGo holds that a program in Go is compiled and replaced, and that errors of the compiler are told.
func TestGo(t *testing.T) {
	store, err := cache.Open(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	p := begin(t, store, func(p project) {
		p.write(t, "images/greet.yaml", "name: greet\nbase: scratch\naction: ../greet\n")
		p.write(t, "go.mod", "module example.com/greet\n\ngo 1.26.0\n")
		p.write(t, "greet/main.go", strings.Replace(program, "%s", "one", 1))
	})
	p.screen.see(t, `{"answer":"one"}`)
	p.write(t, "greet/main.go", strings.Replace(program, "%s", "two", 1))
	p.screen.see(t, `{"answer":"two"}`)
	p.write(t, "greet/main.go", strings.Replace(program, "in.Scan()", "in.Scam()", 1))
	p.screen.see(t, "main.go:11:43: in.Scam undefined")
	p.write(t, "greet/main.go", strings.Replace(program, "%s", "three", 1))
	p.screen.see(t, `{"answer":"three"}`)
	if err := p.stop(); err != nil {
		t.Error(err)
	}
}
