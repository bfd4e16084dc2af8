package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// An init must not be refused for what would have run.

// greeting is a C program of version 1 that calls a function of a library.
const greeting = `#include <stdio.h>
int answer(void);
int main(void) {
	char line[65536];
	puts("{\"openwhisk\":1}");
	fflush(stdout);
	while (fgets(line, sizeof line, stdin)) {
		printf("{\"answer\":%d}\n", answer());
		fflush(stdout);
	}
}
`

const library = "int answer(void) { return 42; }\n"

// withLib is greeting and the library that it needs.
func withLib(t *testing.T, flags ...string) (program, lib string) {
	t.Helper()
	dir := t.TempDir()
	lib = compiled(t, library, "-shared", "-fPIC", "-Wl,-soname,libanswer.so.1")
	if err := os.WriteFile(filepath.Join(dir, "libanswer.so"), []byte(lib), 0o755); err != nil {
		t.Fatal(err)
	}
	return compiled(t, greeting, append([]string{"-L" + dir, "-lanswer"}, flags...)...), lib
}

func TestRule14_DynamicProgramsRun(t *testing.T) {
	t.Parallel()
	want := testkit.OK(`{"answer":42}`)
	check := func(t *testing.T, p *proxy, got answer) {
		t.Helper()
		if got.Status != 200 {
			t.Fatalf("init: %s", got)
		}
		if got := p.Run(`{}`); got != want {
			t.Errorf("got %s", got)
		}
	}
	t.Run("system libraries", func(t *testing.T) {
		p := start(t)
		check(t, p, p.upload(compiled(t, greeting+library)))
	})
	t.Run("static", func(t *testing.T) {
		p := start(t)
		check(t, p, p.upload(compiled(t, greeting+library, "-static")))
	})
	t.Run("static, position independent", func(t *testing.T) {
		p := start(t)
		check(t, p, p.upload(compiled(t, greeting+library, "-static-pie")))
	})
	t.Run("library beside it", func(t *testing.T) {
		program, lib := withLib(t, "-Wl,-rpath,$ORIGIN")
		p := start(t)
		check(t, p, p.upload(testkit.Zip(t, file{Name: "exec", Content: program}, file{Name: "libanswer.so.1", Content: lib})))
	})
	t.Run("library in a folder", func(t *testing.T) {
		program, lib := withLib(t, "-Wl,-rpath,${ORIGIN}/lib", "-Wl,--disable-new-dtags")
		p := start(t)
		check(t, p, p.upload(testkit.Zip(t, file{Name: "exec", Content: program}, file{Name: "lib/libanswer.so.1", Content: lib})))
	})
	t.Run("library path of the container", func(t *testing.T) {
		program, lib := withLib(t)
		dir := t.TempDir()
		os.WriteFile(filepath.Join(dir, "libanswer.so.1"), []byte(lib), 0o755)
		p := start(t, testkit.Env("LD_LIBRARY_PATH=/nowhere:"+dir))
		check(t, p, p.upload(program))
	})
}

func TestRule14_ScriptsRun(t *testing.T) {
	t.Parallel()
	const loop = "echo '{\"openwhisk\":1}'\nwhile read -r line; do echo '{}'; done\n"
	check := func(t *testing.T, p *proxy, got answer) {
		t.Helper()
		if got.Status != 200 {
			t.Fatalf("init: %s", got)
		}
		if got := p.Run(`{}`); got != testkit.OK("{}") {
			t.Errorf("got %s", got)
		}
	}
	for name, first := range map[string]string{
		"plain":      "#!/bin/sh",
		"blanks":     "#! \t/bin/sh  ",
		"argument":   "#!/bin/sh -u",
		"env":        "#!/usr/bin/env sh",
		"env -S":     "#!/usr/bin/env -S sh -u",
		"env -i":     "#!/usr/bin/env -S -i sh",
		"env -u":     "#!/usr/bin/env -S -u HOME sh",
		"env A=B":    "#!/usr/bin/env -S A=B sh -u",
		"no newline": "#!/bin/sh",
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t)
			check(t, p, p.Init(first+"\n"+loop))
		})
	}
	t.Run("interpreter in the archive", func(t *testing.T) {
		p := start(t)
		check(t, p, p.upload(testkit.Zip(t, file{Name: "exec", Content: "#!./run\n" + loop}, file{Name: "run", Content: shell(t), Mode: 0o755})))
	})
	t.Run("interpreter is a script", func(t *testing.T) {
		dir := t.TempDir()
		os.WriteFile(filepath.Join(dir, "run"), []byte("#!/bin/sh\nexec /bin/sh \"$@\"\n"), 0o755)
		p := start(t)
		check(t, p, p.Init("#!"+filepath.Join(dir, "run")+"\n"+loop))
	})
}

func shell(t *testing.T) string {
	t.Helper()
	path, err := filepath.EvalSymlinks("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// The two switches of version 1, each without the other.
func TestQuietSwitches(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ settings, code string }{
		"no handshake":  {"OW_HANDSHAKE=off", "#!/bin/bash\nwhile read -r line; do echo log >&2; echo '{\"got\":'$line'}'; done\n"},
		"descriptor 3":  {"OW_RESULT_FD=3", "#!/bin/bash\necho '{\"openwhisk\":1}' >&3\nwhile read -r line; do echo log; echo '{\"got\":'$line'}' >&3; done\n"},
		"both":          {"OW_HANDSHAKE=off OW_RESULT_FD=3", "#!/bin/bash\nwhile read -r line; do echo log; echo '{\"got\":'$line'}' >&3; done\n"},
		"slow to start": {"OW_HANDSHAKE=off", "#!/bin/bash\nsleep 0.3\nwhile read -r line; do echo log >&2; echo '{\"got\":'$line'}'; done\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, testkit.Env(strings.Fields(c.settings)...)).ready(c.code)
			for range 3 {
				if got, want := p.Run(`{"a":1}`), testkit.OK(`{"got":{"a":1}}`); got != want {
					t.Errorf("got %s", got)
				}
			}
			p.Ended(3)
			p.Logged("log\n" + testkit.Sentinel)
		})
	}
}
