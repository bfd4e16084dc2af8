package rules

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
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
		{name: "truncated zip", code: zipped(t, file{name: "exec", content: obey()})[:60], says: []string{"zip"}},
		{name: "zip without exec", code: zipped(t, file{name: "a.txt"}, file{name: "b/c.txt"}), says: []string{"exec", "a.txt"}},
		{name: "zip with source as exec", code: zipped(t, file{name: "exec", content: "print('hello')\n"}), says: []string{"exec", "#!"}},
		{name: "zip with an empty exec", code: zipped(t, file{name: "exec", content: ""}), says: []string{"exec", "empty"}},
		{name: "early exit", code: "#!/bin/sh\necho no database >&2\necho at all >&2\nexit 3\n", says: []string{"exit status 3", "no database", "at all"}, only: "v1 quiet"},
		{name: "early death", code: "#!/bin/sh\necho ouch >&2\nkill -9 $$\n", says: []string{"killed", "ouch"}, only: "v1 quiet"},
		{name: "early end, status 0", code: "#!/bin/sh\nexit 0\n", says: []string{"exit status 0"}, only: "v1 quiet"},
		{name: "wrong handshake", code: "#!/bin/sh\necho hello\nsleep 60\n", says: []string{"hello", `{"openwhisk":1}`, "OW_PROTOCOL"}, only: "v1"},
		{name: "a result for a handshake", code: "#!/bin/sh\necho '{\"ok\":true}'\nsleep 60\n", says: []string{"ok", "OW_PROTOCOL"}, only: "v1"},
		{name: "version 2", code: "#!/bin/sh\necho '{\"openwhisk\":2}'\nsleep 60\n", says: []string{"version 2"}, only: "v1"},
		{name: "version \"1\"", code: "#!/bin/sh\necho '{\"openwhisk\":\"1\"}'\nsleep 60\n", says: []string{`"1"`}, only: "v1"},
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
				timeout := patience
				if refused.timed {
					timeout = 2 * time.Second
				}
				begin := func() *proxy { return start(t, protocols[protocol], env("OW_INIT_TIMEOUT="+timeout.String())) }
				p := begin()
				got := p.upload(refused.code)
				switch {
				case refused.timed: // in which a busy machine may not come to log anything
					await(t, "it says why in time", func() bool {
						if text := got.error(t); holdsAll(text, refused.says) {
							return true
						}
						got = p.upload(refused.code)
						return false
					})
				case protocol == "quiet" && strings.HasPrefix(refused.name, "early"): // within 10 ms, which may not be enough either
					await(t, "it ends in time", func() bool {
						if got.status == 502 {
							return true
						}
						p.end()
						p = begin()
						got = p.upload(refused.code)
						return false
					})
				}
				if got.status != 502 {
					t.Fatalf("got %s", got)
				}
				text := got.error(t)
				switch {
				case protocol == "v0":
					p.ended(1)
					if text != noGenerate {
						t.Errorf("got %s", got)
					}
					p.logged(refused.says...)
				case protocol == "actionloop" && text == "cannot start action: command exited":
					p.logged(refused.says[0])
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
	if names := leftovers(t, p.dir); len(names) > 0 {
		t.Errorf("it left the files %q", names)
	}
	await(t, "its processes are gone", func() bool { return len(p.descendants()) == 0 })
	if n := p.zombies(); n > 0 {
		t.Errorf("it left %d zombies", n)
	}
	await(t, "a good init is in time", func() bool { // that for the handshake may be short
		got := p.init(obey())
		if got.status != 200 && !strings.Contains(got.error(t), "within ") {
			t.Fatalf("a good init: %s", got)
		}
		return got.status == 200
	})
	if got := p.run(`{}`); got.status != 200 {
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
		got := p.upload(zipped(t, file{name: "exec", content: "#!/bin/sh\nexit 7\n"}, file{name: "data", content: "new"}, file{name: "more", content: "new"}))
		contains(t, got.error(t), "exit status 7")
		if data, err := os.ReadFile(filepath.Join(p.dir, "data")); err != nil || string(data) != "baked" {
			t.Errorf("data is %q, %v", data, err)
		}
		if names := leftovers(t, p.dir); len(names) != 2 {
			t.Errorf("the folder holds %q", names)
		}
		if got := p.post("/init", `{"value":{}}`); got.status != 200 {
			t.Errorf("init without code: %s", got)
		}
		p.run(`{}`)
		p.logged("baked")
	})
	t.Run("a client that leaves in the middle", func(t *testing.T) {
		p := start(t)
		body := initBody(obey(), false)
		for range 5 {
			c := p.dial()
			c.Write([]byte("POST /init HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n" + body[:len(body)-10]))
			c.Close()
		}
		p.ready(obey())
		await(t, "what the others sent is gone", func() bool { return len(leftovers(t, p.dir)) == 1 })
	})
	t.Run("descriptors", func(t *testing.T) {
		p := start(t, env("OW_INIT_TIMEOUT=50ms"))
		p.init("#!/bin/sh\nexit 1\n")
		p.settled()
		before := len(descriptors(p.cmd.Process.Pid))
		for range 20 {
			p.init("#!/bin/sh\nexit 1\n")
			p.init("#!/bin/sh\nsleep 100\n")
			p.upload("no zip")
			p.upload(zipped(t, file{name: "x"}))
		}
		await(t, "the connections are closed", func() bool { return len(descriptors(p.cmd.Process.Pid)) <= before })
		checkUntouched(t, p)
	})
}
