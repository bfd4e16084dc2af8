//go:build linux

package action

import (
	"bytes"
	"path"
	"strings"
	"syscall"
)

// maxInterpreterLine is how many bytes of a script the kernel looks at
// (BINPRM_BUF_SIZE).
const maxInterpreterLine = 256

// checkScript checks a script's first line. The kernel itself would only say "no
// such file or directory".
func (p placement) checkScript(first []byte) error {
	line, _, _ := bytes.Cut(first[2:], []byte("\n"))
	if bytes.HasSuffix(line, []byte("\r")) {
		return refuse("the script has Windows line ends: its first line ends in CR (save it with LF line ends)")
	}
	words := strings.Fields(string(line))
	if len(words) == 0 {
		return refuse("the script's first line names no interpreter after #!")
	}
	interpreter := words[0]
	if bytes.Index(line, []byte(interpreter))+len(interpreter) > maxInterpreterLine-2 {
		return refuse("the script's first line is longer than Linux reads, 256 bytes")
	}
	if !p.finds(interpreter, executable) {
		return needs(interpreter)
	}
	if baseName(interpreter) != "env" {
		return nil
	}
	return p.checkEnv(words[1:])
}

func needs(name string) error {
	return refuse("the script needs ", quoted(name), ", which is not in this image")
}

// checkEnv checks what env(1) is told to start. The kernel gives it all that
// follows on the line as one argument, which only -S takes apart.
func (p placement) checkEnv(words []string) error {
	if len(words) > 1 && !strings.HasPrefix(words[0], "-") && !strings.Contains(words[0], "=") {
		return refuse("the script's first line gives env the one name ", quoted(strings.Join(words, " ")), " (write #!/usr/bin/env -S ", words[0], " …)")
	}
	if name := envProgram(words); name != "" && !p.onPath(name) {
		return needs(name)
	}
	return nil
}

// envProgram is the program that env(1) is told to start, "" when that is not
// plain.
func envProgram(words []string) string {
	for i, word := range words {
		switch {
		case word == "-S" || word == "-vS":
		case strings.HasPrefix(word, "-S") && i == 0:
			return word[2:]
		case strings.HasPrefix(word, "-"):
			return ""
		case !strings.Contains(word, "="):
			return word
		}
	}
	return ""
}

func (p placement) onPath(name string) bool {
	if strings.Contains(name, "/") {
		return p.finds(name, executable)
	}
	dirs, set := searchPath(p.env)
	return !set || p.underPath(dirs, name, executable) // env(1) has a list of its own
}

// searchPath returns the folders of an environment's PATH, and whether that is set.
func searchPath(env []string) (dirs []string, set bool) {
	for _, v := range env {
		if list, ok := strings.CutPrefix(v, "PATH="); ok {
			return strings.Split(list, ":"), true
		}
	}
	return nil, false
}

// LookPath returns where an environment's PATH has a program, "" for nowhere. A name with a slash is its own place.
func LookPath(env []string, name string) string {
	if strings.Contains(name, "/") {
		return name
	}
	dirs, _ := searchPath(env)
	for _, dir := range dirs {
		if found := path.Join(dir, name); isAbs(found) && executable(found) {
			return found
		}
	}
	return ""
}

func executable(name string) bool {
	kind, mode := stat(name)
	return kind == syscall.S_IFREG && mode&0o111 != 0
}
