//go:build linux

package action

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestScripts(t *testing.T) {
	if disk.Stat("/usr/bin/env")&0o111 == 0 || disk.Stat("/bin/sh")&0o111 == 0 {
		t.Skip("no env and sh here")
	}
	long := "/" + strings.Repeat("x", 300)
	for _, c := range []struct {
		name  string
		first string
		want  string // the reason, "" when it is accepted
	}{
		{"plain", "#!/bin/sh\n", ""},
		{"blanks", "#! \t/bin/sh \t-e \n", ""},
		{"no line end", "#!/bin/sh", ""},
		{"a long argument", "#!/bin/sh " + strings.Repeat("x", 600) + "\n", ""},
		{"missing", "#!/usr/bin/nothing\n", `the script needs "/usr/bin/nothing", which is not in this image`},
		{"missing, lines hidden in it", "#!/usr/bin/no\x00thing\x1b\n", `"/usr/bin/no\x00thing\x1b"`},
		{"a folder", "#!/usr/bin\n", `needs "/usr/bin"`},
		{"not executable", "#!/etc/passwd\n", `needs "/etc/passwd"`},
		{"none", "#!\n", "names no interpreter"},
		{"blanks alone", "#!   \n", "names no interpreter"},
		{"Windows line ends", "#!/bin/sh\r\n", "Windows line ends"},
		{"long", "#!" + long + "\n", "longer than Linux reads"},
		{"env", "#!/usr/bin/env sh\n", ""},
		{"env and nothing", "#!/usr/bin/env\n", ""},
		{"env of something missing", "#!/usr/bin/env nothing\n", `needs "nothing", which`},
		{"env with two words", "#!/usr/bin/env sh -e\n", `one name "sh -e" (write #!/usr/bin/env -S sh …)`},
		{"env -S", "#!/usr/bin/env -S sh -e\n", ""},
		{"env -S close by", "#!/usr/bin/env -Ssh -e\n", ""},
		{"env -S with variables", "#!/usr/bin/env -S A=1 sh\n", ""},
		{"env -S of something missing", "#!/usr/bin/env -S A=1 nothing -e\n", `needs "nothing"`},
		{"env with an option that is not known", "#!/usr/bin/env -u A nothing\n", ""},
		{"env of a path that is missing", "#!/usr/bin/env /nowhere/sh\n", `needs "/nowhere/sh"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			text := c.first + "echo hello\n"
			if !strings.Contains(c.first, "\n") {
				text = c.first
			}
			if c.want != "" {
				refused(t, []byte(text), c.want)
				return
			}
			_, err := place(t, newTestFolder(t), []byte(text))
			must(t, err)
		})
	}
}

// An archive may bring its interpreter.
func TestInterpreterInTheArchive(t *testing.T) {
	for _, path := range []string{"DIR/bin/run", "bin/run", "./bin/run"} {
		f := newTestFolder(t)
		exec := entry{name: "exec", content: "#!" + strings.ReplaceAll(path, "DIR", f.Dir) + "\n", mode: 0o755}
		_, err := place(t, f, zipOf(t, exec, program("bin/run")))
		must(t, err)
		if _, err := place(t, newTestFolder(t), zipOf(t, exec)); err == nil && path[0] != 'D' {
			t.Errorf("%s: accepted without the interpreter", path)
		}
	}
	f := newTestFolder(t)
	f.Env = []string{"PATH=/nowhere:" + f.Dir + "/bin"}
	_, err := place(t, f, zipOf(t, entry{name: "exec", content: "#!/usr/bin/env run\n", mode: 0o755}, program("bin/run")))
	must(t, err)
}

func TestBaked(t *testing.T) {
	f := newTestFolder(t)
	name := filepath.Join(f.Dir, "exec")
	if e, err := f.Baked(); e != nil || err != nil {
		t.Errorf("nothing baked: %v, %v", e, err)
	}
	must(t, os.WriteFile(name, []byte(script), 0o755))
	if e, err := f.Baked(); err != nil || e.Path != name || e.Dir != f.Dir {
		t.Errorf("a script: %v, %v", e, err)
	}
	must(t, os.Chmod(name, 0o644))
	_, err := f.Baked()
	isOneLine(t, err)
	if !strings.Contains(err.Error(), "is not executable (chmod +x)") {
		t.Errorf("without x-bit: %v", err)
	}
	must(t, os.Remove(name))
	must(t, os.Mkdir(name, 0o755))
	if e, err := f.Baked(); e != nil || err != nil {
		t.Errorf("a folder: %v, %v", e, err)
	}
}
