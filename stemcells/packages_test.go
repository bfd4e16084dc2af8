package stemcells_test

import (
	"fmt"
	"os/exec"
	"strings"
	"testing"
)

// pythonVersion is that of the interpreter which runs the launcher, such as python3.11.
func pythonVersion(t *testing.T) string {
	t.Helper()
	python().need(t)
	text, err := exec.Command("/usr/bin/python3", "-c", "import sys; print('python{}.{}'.format(*sys.version_info), end='')").Output()
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// uses is a function that answers with what the packages a and b hold.
const uses = "import a\ntry: import b\nexcept ImportError: b = None\ndef main(args): return [a.one, b and b.two]\n"

func TestPythonPackages(t *testing.T) {
	site := "virtualenv/lib/" + pythonVersion(t) + "/site-packages/"
	activate := "import os, sys\nsys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(__file__)), 'here'))\n"
	for name, test := range map[string]struct {
		files []string
		want  string
		log   string
	}{
		"site-packages":           {[]string{site + "a/__init__.py", "one = 1", site + "b.py", "two = 2"}, `[1,2]`, ""},
		".pth":                    {[]string{site + "more.pth", "../../../more\n", "virtualenv/more/a.py", "one = 1"}, `[1,null]`, ""},
		"activate_this":           {[]string{"virtualenv/bin/activate_this.py", activate, "virtualenv/here/a.py", "one = 3"}, `[3,null]`, ""},
		"Scripts":                 {[]string{"virtualenv/Scripts/activate_this.py", activate, "virtualenv/here/a.py", "one = 4"}, `[4,null]`, ""},
		"activate_this adds none": {[]string{"virtualenv/bin/activate_this.py", "", site + "a.py", "one = 5"}, `[5,null]`, ""},
		"another version":         {[]string{"virtualenv/lib/python3.2/site-packages/a.py", "one = 6"}, `[6,null]`, "virtualenv was made for python3.2 and runs with python3."},
		"ours and another":        {[]string{"virtualenv/lib/python3.2/site-packages/a.py", "one = 6", site + "a.py", "one = 7"}, `[7,null]`, ""},
		"requirements are there":  {[]string{"requirements.txt", "# mine\nA.b_c>=1\n\n-r other.txt\nnothing; sys_platform == 'win32'\n", site + "a_b.c-1.0.dist-info/METADATA", "", site + "a.py", "one = 8"}, `[8,null]`, ""},
		"no requirements":         {[]string{"requirements.txt", "# none\n", "a.py", "one = 9"}, `[9,null]`, ""},
		"vendored beside":         {[]string{"requirements.txt", "a\n", "a.py", "one = 9", "a-1.dist-info/METADATA", ""}, `[9,null]`, ""},
		"a module of that name":   {[]string{"packages.py", "x = 1", "a.py", "import packages\none = packages.x", "requirements.txt", ""}, `[1,null]`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			s := python().begin(t, folder(t, append(test.files, "main.py", uses)...), "main").ready()
			if got, log := s.run(`{}`), s.logged(); got != test.want || !strings.Contains(log, test.log) || (test.log == "" && log != "") {
				t.Errorf("got %s, want %s; logged %q, want %q", got, test.want, log, test.log)
			}
			s.end()
		})
	}
}

func TestPythonPackagesRefused(t *testing.T) {
	site := "virtualenv/lib/" + pythonVersion(t) + "/site-packages/"
	for name, test := range map[string]struct {
		files []string
		want  []string
	}{
		"requirements only":     {[]string{"requirements.txt", "Nothing-of.this [x] == 2\nnothing_either\n"}, []string{"requirements.txt wants Nothing-of.this, nothing_either", "pip install", "run: [{script: "}},
		"one is missing":        {[]string{"requirements.txt", "a\nb\n", site + "a-1.dist-info/METADATA", ""}, []string{"requirements.txt wants b, "}},
		"an empty virtualenv":   {[]string{"virtualenv/readme", ""}, []string{"Invalid virtualenv: "}},
		"activate_this fails":   {[]string{"virtualenv/bin/activate_this.py", "\nraise OSError('no venv')"}, []string{"OSError: no venv", `activate_this.py", line 2`}},
		"another ABI":           {[]string{site + "a/_x.cpython-32-x86_64-linux-gnu.so", ""}, []string{"virtualenv/lib/", "/a/_x.cpython-32-x86_64-linux-gnu.so is an extension for another Python"}},
		"another version's ABI": {[]string{"virtualenv/lib/python3.2/site-packages/_x.cpython-32m.so", ""}, []string{"python3.2/site-packages/_x.cpython-32m.so is an extension"}},
		"Windows":               {[]string{"virtualenv/Lib/site-packages/a/_x.cp311-win_amd64.pyd", ""}, []string{"a/_x.cp311-win_amd64.pyd is an extension for Windows"}},
	} {
		t.Run(name, func(t *testing.T) {
			log := python().begin(t, folder(t, append(test.files, "main.py", given)...), "main").fails()
			for _, want := range append(test.want, "main.py could not be loaded: ") {
				if !strings.Contains(log, want) {
					t.Errorf("logged %q, want %q", log, want)
				}
			}
			if strings.Contains(log, "launcher.py") || strings.Contains(log, `/packages.py"`) {
				t.Errorf("the traceback shows the launcher: %s", log)
			}
		})
	}
}

// An upload's own site-packages come before those of the image and after Python's library.
func TestPythonPath(t *testing.T) {
	site := "virtualenv/lib/" + pythonVersion(t) + "/site-packages"
	dir := folder(t, site+"/json/__init__.py", "x = 1", "main.py", "import sys\ndef main(args): return sys.path\n")
	s := python().begin(t, dir, "main").ready()
	got := s.run(`{}`)
	ours := strings.Index(got, fmt.Sprintf("%q", dir+"/"+site))
	if !strings.HasPrefix(got, fmt.Sprintf("[%q,", dir)) || ours < 0 || strings.Index(got, `/lib-dynload"`) > ours {
		t.Errorf("sys.path is %s", got)
	}
	if rest := got[max(ours, 0):]; strings.Count(got, "dist-packages") != strings.Count(rest, "dist-packages") {
		t.Errorf("sys.path is %s", got)
	}
	s.end()
}
