package rules

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// compiled is a C program's ELF file.
func compiled(t *testing.T, source string, flags ...string) string {
	t.Helper()
	cc, err := exec.LookPath("cc")
	if err != nil {
		t.Skip("no C compiler on this machine")
	}
	path := filepath.Join(t.TempDir(), "program")
	c := exec.Command(cc, append([]string{"-x", "c", "-", "-o", path}, flags...)...)
	c.Stdin = strings.NewReader(source)
	if out, err := c.CombinedOutput(); err != nil {
		t.Skipf("cc: %v\n%s", err, out)
	}
	program, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(program)
}

// forMachine is a Go program for another kind of machine.
func forMachine(t *testing.T, arch string) string {
	t.Helper()
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	if err := os.WriteFile(source, []byte("package main\n\nfunc main() {}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	c := exec.Command("go", "build", "-o", filepath.Join(dir, "program"), source)
	c.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	program, err := os.ReadFile(filepath.Join(dir, "program"))
	if err != nil {
		t.Fatal(err)
	}
	return string(program)
}

// TestRule14_InitSaysWhy: in version 1 the answer tells the reason, in the other
// protocols the log does.
func TestRule14_InitSaysWhy(t *testing.T) {
	t.Parallel()
	action, err := os.ReadFile(binaries.action)
	if err != nil {
		t.Fatal(err)
	}
	const loop = "int main(void){for(;;);}"
	for _, refused := range []struct {
		name, code string
		says       []string
		only       string // protocols that can see it, "" for all
		timed      bool   // the time for the handshake passes
	}{
		{name: "wrong machine", code: forMachine(t, "arm64"), says: []string{"arm64", "amd64"}},
		{name: "wrong machine, 32 bits", code: forMachine(t, "386"), says: []string{"386", "amd64"}},
		{name: "missing interpreter", code: "#!/usr/bin/fortran77 -x\n", says: []string{"/usr/bin/fortran77", "not in this image"}},
		{name: "missing interpreter, env", code: "#!/usr/bin/env fortran77\n", says: []string{"fortran77", "not in this image"}},
		{name: "missing interpreter, env -S", code: "#!/usr/bin/env -S fortran77 -x\n", says: []string{"fortran77", "not in this image"}},
		{name: "interpreter is no program", code: "#!/etc/passwd\n", says: []string{"/etc/passwd"}},
		{name: "Windows line ends", code: "#!/bin/sh\r\necho\r\n", says: []string{"Windows"}},
		{name: "no interpreter", code: "#!\necho\n", says: []string{"interpreter"}},
		{name: "missing loader", code: compiled(t, loop, "-Wl,--dynamic-linker=/lib/ld-none.so.1"), says: []string{"/lib/ld-none.so.1", "not in this image"}},
		{name: "missing library", code: withLibrary(t), says: []string{"libnone.so.7", "not in this image"}},
		{name: "source", code: "def main(args):\n    return args\n", says: []string{"#!"}},
		{name: "ELF cut off", code: string(action[:5000]), says: []string{"cut off"}},
		{name: "ELF header cut off", code: string(action[:40]), says: []string{"cut off"}},
		{name: "truncated zip", code: testkit.Zip(t, file{Name: "exec", Content: obey()})[:60], says: []string{"zip"}},
		{name: "zip without exec", code: testkit.Zip(t, file{Name: "a.txt"}, file{Name: "b/c.txt"}), says: []string{"exec", "a.txt"}},
		{name: "zip with source as exec", code: testkit.Zip(t, file{Name: "exec", Content: "print('hello')\n"}), says: []string{"exec", "#!"}},
		{name: "zip with an empty exec", code: testkit.Zip(t, file{Name: "exec", Content: ""}), says: []string{"exec", "empty"}},
		{name: "early exit", code: "#!/bin/sh\necho no database >&2\necho at all >&2\nexit 3\n", says: []string{"exit status 3", "no database", "at all"}, only: "v1 quiet"},
		{name: "early death", code: "#!/bin/sh\necho ouch >&2\nkill -9 $$\n", says: []string{"killed", "ouch"}, only: "v1 quiet"},
		{name: "early end, status 0", code: "#!/bin/sh\nexit 0\n", says: []string{"exit status 0"}, only: "v1 quiet"},
		{name: "wrong handshake", code: "#!/bin/sh\necho hello\nsleep 60\n", says: []string{"hello", `{"openwhisk":1}`, "OW_PROTOCOL"}, only: "v1"},
		{name: "a result for a handshake", code: "#!/bin/sh\necho '{\"ok\":true}'\nsleep 60\n", says: []string{"ok", "OW_PROTOCOL"}, only: "v1"},
		{name: "version 2", code: "#!/bin/sh\necho '{\"openwhisk\":2}'\nsleep 60\n", says: []string{"version 2"}, only: "v1"},
		{name: "version 3", code: "#!/bin/sh\necho '{\"openwhisk\":3}'\nsleep 60\n", says: []string{"version 3"}, only: "v1"},
		{name: "version \"1\"", code: "#!/bin/sh\necho '{\"openwhisk\":\"1\"}'\nsleep 60\n", says: []string{`"1"`}, only: "v1"},
		{name: "version 0", code: "#!/bin/sh\necho '{\"openwhisk\":0}'\nsleep 60\n", says: []string{"0"}, only: "v1"},
		{name: "another member", code: "#!/bin/sh\necho '{\"whisk\":1}'\nsleep 60\n", says: []string{"OW_PROTOCOL"}, only: "v1"},
		{name: "an array", code: "#!/bin/sh\necho '[1]'\nsleep 60\n", says: []string{"OW_PROTOCOL"}, only: "v1"},
		{name: "names without quotes", code: "#!/bin/sh\necho '{openwhisk: 1}'\nsleep 60\n", says: []string{"OW_PROTOCOL"}, only: "v1"},
		{name: "a byte order mark", code: "#!/bin/sh\necho '\ufeff{\"openwhisk\":1}'\nsleep 60\n", says: []string{"OW_PROTOCOL"}, only: "v1"},
		{name: "an empty line first", code: "#!/bin/sh\necho\necho '{\"openwhisk\":1}'\nsleep 60\n", says: []string{"OW_PROTOCOL"}, only: "v1"},
		{name: "no handshake", code: "#!/bin/sh\necho waiting >&2\nsleep 60\n", says: []string{"handshake", "within 2s", "OW_PROTOCOL", "waiting"}, only: "v1", timed: true},
		{name: "half a handshake", code: "#!/bin/sh\nprintf '{\"openwhisk\":1}'\nsleep 60\n", says: []string{"handshake", "within 2s"}, only: "v1", timed: true},
		{name: "stdout closed", code: "#!/bin/sh\nexec >&-\nsleep 60\n", says: []string{"closed"}, only: "v1"},
	} {
		for _, protocol := range []string{"v0", "v1", "quiet", "actionloop"} {
			if refused.only != "" && !strings.Contains(" "+refused.only+" ", " "+protocol+" ") {
				continue
			}
			t.Run(refused.name+"/"+protocol, func(t *testing.T) {
				t.Parallel()
				timeout := testkit.Patience
				if refused.timed {
					timeout = 2 * time.Second
				}
				begin := func() *proxy { return start(t, protocols[protocol], testkit.Env("OW_INIT_TIMEOUT="+timeout.String())) }
				p := begin()
				got := p.upload(refused.code)
				switch {
				case refused.timed: // in which a busy machine may not come to log anything
					testkit.Await(t, "it says why in time", func() bool {
						if text := got.Error(t); holdsAll(text, refused.says) {
							return true
						}
						got = p.upload(refused.code)
						return false
					})
				case protocol == "quiet" && strings.HasPrefix(refused.name, "early"): // within 10 ms, which may not be enough either
					testkit.Await(t, "it ends in time", func() bool {
						if got.Status == 502 {
							return true
						}
						p.end()
						p = begin()
						got = p.upload(refused.code)
						return false
					})
				}
				if got.Status != 502 {
					t.Fatalf("got %s", got)
				}
				text := got.Error(t)
				switch {
				case protocol == "v0":
					p.Ended(1)
					if text != noGenerate {
						t.Errorf("got %s", got)
					}
					p.Logged(refused.says...)
				case protocol == "actionloop" && text == "cannot start action: command exited":
					p.Logged(refused.says[0])
				case protocol == "actionloop": // of what cannot be unpacked
					contains(t, text, refused.says[0])
				default:
					contains(t, text, append(refused.says, "cannot start action: ")...)
				}
				checkUntouched(t, p)
			})
		}
	}
}

// withLibrary is a program that needs a library which is nowhere.
func withLibrary(t *testing.T) string {
	dir := t.TempDir()
	library := compiled(t, "int f(void){return 0;}", "-shared", "-fPIC", "-Wl,-soname,libnone.so.7")
	if err := os.WriteFile(filepath.Join(dir, "libnone.so"), []byte(library), 0o755); err != nil {
		t.Fatal(err)
	}
	return compiled(t, "int f(void); int main(void){return f();}", "-L"+dir, "-lnone")
}

// checkUntouched holds rule 15: a failed init leaves neither files nor
// processes, and a good one may follow.
func checkUntouched(t *testing.T, p *proxy) {
	t.Helper()
	if names := leftovers(t, p.Dir); len(names) > 0 {
		t.Errorf("it left the files %q", names)
	}
	testkit.Await(t, "its processes are gone", func() bool { return len(p.Descendants()) == 0 })
	if n := p.zombies(); n > 0 {
		t.Errorf("it left %d zombies", n)
	}
	testkit.Await(t, "a good init is in time", func() bool { // that for the handshake may be short
		got := p.Init(obey())
		if got.Status != 200 && !strings.Contains(got.Error(t), "within ") {
			t.Fatalf("a good init: %s", got)
		}
		return got.Status == 200
	})
	if got := p.Run(`{}`); got.Status != 200 {
		t.Errorf("run: %s", got)
	}
}

func holdsAll(text string, wanted []string) bool {
	for _, w := range wanted {
		if !strings.Contains(text, w) {
			return false
		}
	}
	return true
}

func TestRule15_AFailedInitChangesNothing(t *testing.T) {
	t.Parallel()
	t.Run("baked files stay", func(t *testing.T) {
		p := start(t)
		p.bake("exec", obey(step{"stderr", "baked\n"}))
		p.bake("data", "baked")
		got := p.upload(testkit.Zip(t, file{Name: "exec", Content: "#!/bin/sh\nexit 7\n"}, file{Name: "data", Content: "new"}, file{Name: "more", Content: "new"}))
		contains(t, got.Error(t), "exit status 7")
		if data, err := os.ReadFile(filepath.Join(p.Dir, "data")); err != nil || string(data) != "baked" {
			t.Errorf("data is %q, %v", data, err)
		}
		if names := leftovers(t, p.Dir); len(names) != 2 {
			t.Errorf("the folder holds %q", names)
		}
		if got := p.Post("/init", `{"value":{}}`); got.Status != 200 {
			t.Errorf("init without code: %s", got)
		}
		p.Run(`{}`)
		p.Logged("baked")
	})
	t.Run("a client that leaves in the middle", func(t *testing.T) {
		p := start(t)
		body := testkit.InitBody(obey(), nil)
		for range 5 {
			c := p.Dial()
			c.Write([]byte("POST /init HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + body[:len(body)-10]))
			c.Close()
		}
		p.ready(obey())
		testkit.Await(t, "what the others sent is gone", func() bool { return len(leftovers(t, p.Dir)) == 1 })
	})
	t.Run("descriptors", func(t *testing.T) {
		p := start(t, testkit.Env("OW_INIT_TIMEOUT=50ms"))
		p.Init("#!/bin/sh\nexit 1\n")
		p.settled()
		before := len(testkit.Descriptors(p.Cmd.Process.Pid))
		for range 20 {
			p.Init("#!/bin/sh\nexit 1\n")
			p.Init("#!/bin/sh\nsleep 100\n")
			p.upload("no zip")
			p.upload(testkit.Zip(t, file{Name: "x"}))
		}
		testkit.Await(t, "the connections are closed", func() bool { return len(testkit.Descriptors(p.Cmd.Process.Pid)) <= before })
		checkUntouched(t, p)
	})
}
