package rules

import (
	"cmp"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

func TestRule20_ExecutionEnvironments(t *testing.T) {
	t.Parallel()
	const mismatch = "cannot start action: Execution environment version mismatch. See logs for details."
	for name, c := range map[string]struct {
		wanted, found string // OW_EXECUTION_ENV, and exec.env ("-" for no such file)
		want          answer
	}{
		"the same":        {"go/1.0", "go/1.0", testkit.OK("OK")},
		"with a line end": {"go/1.0", "go/1.0\n", testkit.OK("OK")},
		"another":         {"go/1.0", "go/1.1", testkit.Failed(502, mismatch)},
		"empty":           {"go/1.0", "", testkit.Failed(502, mismatch)},
		"no file":         {"go/1.0", "-", testkit.Failed(502, mismatch)},
		"not asked for":   {"", "go/1.1", testkit.OK("OK")},
		"neither":         {"", "-", testkit.OK("OK")},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, testkit.Env("OW_PROTOCOL=actionloop", "OW_EXECUTION_ENV="+c.wanted))
			files := []file{{Name: "exec", Content: obey()}}
			if c.found != "-" {
				files = append(files, file{Name: "exec.env", Content: c.found})
			}
			if got := p.upload(testkit.Zip(t, files...)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

// compiler writes a script that is OW_COMPILER.
func compiler(t *testing.T, script string) setting {
	t.Helper()
	path := filepath.Join(t.TempDir(), "compile")
	testkit.WriteProgram(t, path, "#!/bin/sh\n"+script)
	return testkit.Env("OW_COMPILER=" + path)
}

func TestRule21_TheCompiler(t *testing.T) {
	t.Parallel()
	good := `cp "$2/exec" "$3/exec" && chmod +x "$3/exec"` + "\n"
	source := "source\n" + obey()[1:] // no #!, so that it has to be compiled
	strip := `sed 1d "$2/exec" | sed '1s/^/#/' >"$3/exec" && chmod +x "$3/exec"` + "\n"
	t.Run("arguments", func(t *testing.T) {
		p := start(t, testkit.Env("OW_PROTOCOL=actionloop"), compiler(t, `echo "$#|$1|$2|$3" >"$2/../arguments"`+"\n"+strip))
		if got := p.Init(source); got != testkit.OK("OK") {
			t.Fatalf("got %s\n%s", got, p.Stderr)
		}
		text, err := os.ReadFile(filepath.Join(p.Dir, "1", "arguments"))
		if want := "3|main|" + p.Dir + "/1/src|" + p.Dir + "/1/bin\n"; err != nil || string(text) != want {
			t.Errorf("got %q %v, want %q", text, err, want)
		}
		if got := p.Run(`{}`); got.Status != 200 {
			t.Errorf("run: %s", got)
		}
	})
	t.Run("output is a failure", func(t *testing.T) {
		p := start(t, compiler(t, "echo line 1: syntax error\necho and more >&2\n"+strip))
		got := p.Init(source)
		if got.Status != 502 {
			t.Fatalf("got %s", got)
		}
		contains(t, got.Error(t), "line 1: syntax error", "and more")
	})
	t.Run("exit status", func(t *testing.T) {
		p := start(t, compiler(t, "exit 3\n"))
		if got := p.Init(source); got.Status != 502 {
			t.Errorf("got %s", got)
		}
	})
	t.Run("skipped for scripts and ELF files", func(t *testing.T) {
		elf, err := os.ReadFile(binaries.action)
		if err != nil {
			t.Fatal(err)
		}
		for _, code := range []string{obey(), string(elf)} {
			p := start(t, testkit.Env("OW_PROTOCOL=actionloop"), compiler(t, "echo it was called\n"+good))
			if got := p.upload(code); got != testkit.OK("OK") {
				t.Errorf("got %s", got)
			}
		}
	})
	t.Run("details in the log", func(t *testing.T) {
		p := start(t, testkit.Env("OW_LOG_INIT_ERROR=1"), compiler(t, "echo line 1: syntax error\n"))
		if got := p.Init(source); got != testkit.Failed(502, noGenerate) {
			t.Errorf("got %s", got)
		}
		p.Ended(1)
		p.Logged("line 1: syntax error")
	})
	t.Run("found through PATH", func(t *testing.T) {
		dir := t.TempDir()
		script := "#!/bin/sh\n[ $# = 3 ] || echo arguments: $#\n" + strip
		for name, mode := range map[string]os.FileMode{"compile-it": 0o755, "not-executable": 0o644} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(script), mode); err != nil {
				t.Fatal(err)
			}
		}
		p := start(t, testkit.Env("OW_COMPILER=compile-it", "PATH=/none:"+dir+":"+os.Getenv("PATH")))
		if got := p.Post("/init", initWith(source, `{"PATH":"/usr/bin:/bin"}`)); got != testkit.OK("OK") {
			t.Fatalf("got %s\n%s", got, p.Stderr)
		}
		for _, name := range []string{"compile-it", "not-executable"} {
			folder := dir
			if name == "compile-it" {
				folder = "/usr/bin"
			}
			p := start(t, testkit.Env("OW_COMPILER="+name, "PATH="+folder))
			contains(t, p.Init(source).Error(t), "OW_COMPILER="+name, "PATH")
		}
	})
}

// With OW_LOG_INIT_ERROR the log says what it says under existing proxies.
func TestRule21_TheLogOfAFailedStart(t *testing.T) {
	t.Parallel()
	const abrupt = "Command exited abruptly during initialization.\n"
	for name, c := range map[string]struct {
		code     string
		settings []string
		log      string // on stderr
	}{
		"it exits":            {"#!/bin/sh\necho no database >&2\nexit 1\n", []string{"OW_WAIT_FOR_ACK=1"}, "no database\n" + abrupt},
		"it exits with 0":     {"#!/bin/sh\nexit 0\n", []string{"OW_WAIT_FOR_ACK=1"}, abrupt},
		"it is killed":        {"#!/bin/sh\nkill -9 $$\n", []string{"OW_WAIT_FOR_ACK=1"}, abrupt},
		"it says false":       {"#!/bin/sh\necho why >&2\necho '{\"ok\":false}' >&3\nsleep 60\n", []string{"OW_WAIT_FOR_ACK=1"}, "why\nThe action did not initialize properly.\n"},
		"another environment": {obey(), []string{"OW_EXECUTION_ENV=x/1"}, "Execution environment version mismatch. See logs for details.\n"},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, testkit.Env("OW_PROTOCOL=actionloop", "OW_LOG_INIT_ERROR=1"), testkit.Env(c.settings...))
			if got := p.Init(c.code); got != testkit.Failed(502, "Cannot start action. Check logs for details.") {
				t.Errorf("got %s", got)
			}
			if _, stderr := p.Ended(1); stderr[0] != c.log {
				t.Errorf("logged %q, want %q", stderr[0], c.log)
			}
		})
	}
}

func TestRule21_JarsAreKept(t *testing.T) {
	t.Parallel()
	jar := testkit.Zip(t, file{Name: "META-INF/MANIFEST.MF", Content: "Main-Class: Main\n"})
	p := start(t, testkit.Env("OW_PROTOCOL=actionloop", "OW_SAVE_JAR=exec.jar"), compiler(t, `test -f "$2/exec.jar" || echo no jar
cat >"$3/exec" <<'END'
`+obey()+`END
chmod +x "$3/exec"
`))
	if got := p.upload(jar); got != testkit.OK("OK") {
		t.Fatalf("got %s\n%s", got, p.Stderr)
	}
	if got := p.Run(`{}`); got.Status != 200 {
		t.Errorf("run: %s", got)
	}
}

func TestRule22_TheAcknowledgement(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		code    string
		want    answer
		says    string // in the answer or the log, where want.Status is 0
		timeout string // 30s if empty
	}{
		"true":          {code: obey(), want: testkit.OK("OK")},
		"with more":     {code: "#!/bin/sh\necho '{ \"ok\" : true, \"more\":1 }' >&3\nsleep 60\n", want: testkit.OK("OK")},
		"an early exit": {code: "#!/bin/sh\nexit 0\n", want: testkit.Failed(502, "cannot start action: Command exited abruptly during initialization.")},
		"early exit 3":  {code: "#!/bin/sh\necho ouch >&2\nexit 3\n", want: testkit.Failed(502, "cannot start action: Command exited abruptly during initialization."), says: "ouch"},
		"false":         {code: "#!/bin/sh\necho '{\"ok\":false}' >&3\nsleep 60\n", want: testkit.Failed(502, "cannot start action: The action did not initialize properly.")},
		"garbage":       {code: "#!/bin/sh\necho garbage42 >&3\nsleep 60\n", says: "garbage42"},
		"none":          {code: "#!/bin/sh\necho silence >&2\nsleep 60\n", says: "silence", timeout: "1s"},
		"on stdout":     {code: "#!/bin/sh\necho '{\"ok\":true}'\nsleep 60\n", says: `{"ok":true}`, timeout: "1s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t, testkit.Env("OW_WAIT_FOR_ACK=1", "OW_PROTOCOL=actionloop", "OW_INIT_TIMEOUT="+cmp.Or(c.timeout, "30s")))
			testkit.Await(t, "it says why", func() bool { // a busy machine may not come to log anything within a second
				got := p.Init(c.code)
				if c.want.Status == 0 && got.Status != 502 || c.want.Status != 0 && got != c.want {
					t.Fatalf("got %s, want %s", got, c.want)
				}
				return strings.Contains(got.Body, c.says) || p.Stdout.Holds(c.says) || p.Stderr.Holds(c.says)
			})
		})
	}
}

func TestAutoSeesActionLoopsVariables(t *testing.T) {
	t.Parallel()
	script := "#!/bin/bash\n[ -z \"$__OW_WAIT_FOR_ACK\" ] || echo '{\"ok\":true}' >&3\nwhile read -r line; do echo \"$line\" >&3; done\n"
	for _, variable := range []string{"OW_WAIT_FOR_ACK=1", "OW_EXECUTION_ENV=x", "OW_COMPILER=/bin/false"} {
		p := start(t, testkit.Env(variable))
		if got := p.upload(testkit.Zip(t, file{Name: "exec", Content: script}, file{Name: "exec.env", Content: "x"})); got != testkit.OK("OK") {
			t.Errorf("%s: %s\n%s", variable, got, p.Stderr)
			continue
		}
		if got, want := p.Post("/run", `{"value":{},"x":1}`), testkit.OK(`{"value":{},"x":1}`); got != want {
			t.Errorf("%s: %s", variable, got)
		}
	}
}
