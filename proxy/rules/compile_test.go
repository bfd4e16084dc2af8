package rules

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// command runs the proxy as a program that ends, with what its settings add to its environment.
func command(t *testing.T, stdin string, settings []setting, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	c := exec.Command(binaries.proxy, args...)
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "TMPDIR=" + t.TempDir()}
	for _, set := range settings {
		set(c)
	}
	var out, err bytes.Buffer
	c.Stdin, c.Stdout, c.Stderr = strings.NewReader(stdin), &out, &err
	if e := c.Run(); e != nil && c.ProcessState == nil {
		t.Fatal(e)
	}
	return c.ProcessState.ExitCode(), out.String(), err.String()
}

// What -compile writes is an upload that has all that the compiler made.
func TestRule21_CompileKeepsAll(t *testing.T) {
	t.Parallel()
	source := testkit.Zip(t,
		file{Name: "exec", Content: obey(), Mode: 0o644},
		file{Name: "empty/", Mode: fs.ModeDir | 0o755}, file{Name: "tool", Content: "#!/bin/sh\n", Mode: 0o755}, file{Name: "data", Content: "x", Mode: 0o644},
		file{Name: "sub/exec", Content: "#!/bin/sh\n", Mode: 0o600}, file{Name: "venv/python3", Content: "/usr/bin/python3", Mode: fs.ModeSymlink | 0o777},
	)
	copies := compiler(t, `cp -a "$2/." "$3" && mkdir "$3/made"`+"\n")
	for name, settings := range map[string][]setting{
		"no compiler":        nil,
		"nothing to compile": {copies},
		"compiled":           {copies},
	} {
		t.Run(name, func(t *testing.T) {
			input := source
			if name == "compiled" {
				input = testkit.Zip(t, file{Name: "exec", Content: "no script"}, file{Name: "empty/", Mode: fs.ModeDir | 0o755}, file{Name: "tool", Content: "#!/bin/sh\n", Mode: 0o755})
			}
			status, packed, stderr := command(t, input, settings, "-compile", "main")
			if status != 0 {
				t.Fatalf("exit status %d: %s", status, stderr)
			}
			dir := unzipped(t, packed)
			for name, mode := range modes(t, name) {
				if stat, err := os.Lstat(filepath.Join(dir, name)); err != nil || stat.Mode().Type() != mode.Type() || stat.Mode()&0o111 != mode&0o111 {
					t.Errorf("%s: %v %v, want %v", name, stat, err, mode)
				}
			}
			if name == "no compiler" {
				if got := start(t, testkit.Env("OW_PROTOCOL=actionloop")).upload(packed); got != testkit.OK("OK") {
					t.Errorf("init with what it packed: %s", got)
				}
			}
		})
	}
}

// modes are those of what TestRule21_CompileKeepsAll has packed.
func modes(t *testing.T, name string) map[string]fs.FileMode {
	t.Helper()
	common := map[string]fs.FileMode{"exec": 0o755, "empty": fs.ModeDir | 0o755, "tool": 0o755}
	if name == "compiled" {
		common["made"] = fs.ModeDir | 0o755
		return common
	}
	common["data"], common["sub/exec"], common["venv/python3"] = 0o644, 0o755, fs.ModeSymlink|0o777
	return common
}

// unzipped is a folder that unzip(1) has filled.
func unzipped(t *testing.T, archive string) string {
	t.Helper()
	unzip, err := exec.LookPath("unzip")
	if err != nil {
		t.Skip("no unzip on this machine")
	}
	dir := t.TempDir()
	file := filepath.Join(t.TempDir(), "packed.zip")
	if err := os.WriteFile(file, []byte(archive), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(unzip, "-q", file, "-d", dir).CombinedOutput(); err != nil {
		t.Fatalf("unzip: %v\n%s", err, out)
	}
	return dir
}

func TestRule21_CompileTakesVariables(t *testing.T) {
	t.Parallel()
	tells := compiler(t, `echo "$A|$B|$C"`+"\n")
	status, stdout, stderr := command(t, "source", []setting{tells, testkit.Env("A=kept", "B=before")}, "-compile=main", "--env", `{"B":"b=c","C":[1, 2]}`)
	if status != 1 || stdout != "" || !strings.Contains(stderr, "kept|b=c|[1,2]") {
		t.Errorf("exit status %d, %q, %q", status, stdout, stderr)
	}
}

func TestFlags(t *testing.T) {
	t.Parallel()
	for _, args := range []string{"-version", "--version", "-version=true", "-help", "-h", "-debug=false -version"} {
		if status, stdout, stderr := command(t, "", nil, strings.Fields(args)...); status != 0 || stdout == "" || stderr != "" {
			t.Errorf("%s: exit status %d, %q, %q", args, status, stdout, stderr)
		}
	}
	for args, want := range map[string]string{
		"-nosuch":                 "-nosuch is not a flag",
		"--no-such=1":             "--no-such is not a flag",
		"serve":                   "serve is not a flag",
		"version":                 "version is not a flag",
		"-version serve":          "serve is not a flag",
		"-compile":                "-compile needs a value",
		"-compile=":               "-compile needs a value",
		"-compile main -env":      "-env needs a value",
		"-compile main -env {x":   "-env: ",
		"-compile main -env=[1]":  "-env: ",
		"-version=maybe":          `want true or false`,
		"-debug= -version":        `want true or false`,
		"-compile main -verbose":  "-verbose is not a flag",
		"-compile main -debug=no": `want true or false`,
	} {
		status, stdout, stderr := command(t, "", nil, strings.Split(args, " ")...)
		if status != 2 || stdout != "" || !strings.Contains(stderr, want) || strings.Count(stderr, "\n") != 1 {
			t.Errorf("%s: exit status %d, %q, %q; want 2 and %q", args, status, stdout, stderr, want)
		}
	}
}
