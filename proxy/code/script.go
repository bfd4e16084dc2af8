package code

import (
	"bytes"
	"path"
	"strings"
)

// maxInterpreterLine is how many bytes of a script the kernel looks at (BINPRM_BUF_SIZE).
const maxInterpreterLine = 256

// checkScript checks a script's first line. The kernel itself would only say "no such file or directory".
func (p *Place) checkScript(first []byte) error {
	line, _, _ := bytes.Cut(first[2:], []byte("\n"))
	if bytes.HasSuffix(line, []byte("\r")) {
		return Refuse("the script has Windows line ends: its first line ends in CR (save it with LF line ends)")
	}
	words := strings.Fields(string(line))
	if len(words) == 0 {
		return Refuse("the script's first line names no interpreter after #!")
	}
	interpreter := words[0]
	if bytes.Index(line, []byte(interpreter))+len(interpreter) > maxInterpreterLine-2 {
		return Refuse("the script's first line is longer than Linux reads, 256 bytes")
	}
	if !p.finds(interpreter, true) {
		return needs(interpreter)
	}
	if BaseName(interpreter) != "env" {
		return nil
	}
	return p.checkEnv(words[1:])
}

func needs(name string) error {
	return Refuse("the script needs ", Quoted(name), ", which is not in this image (take an image that has it)")
}

// checkEnv checks the program that env(1) is to start. The kernel gives it the rest of the line as one argument, which
// only -S takes apart.
func (p *Place) checkEnv(words []string) error {
	if len(words) > 1 && !strings.HasPrefix(words[0], "-") && !strings.Contains(words[0], "=") {
		return Refuse("the script's first line gives env the one name ", Quoted(strings.Join(words, " ")), " (write #!/usr/bin/env -S ", words[0], " …)")
	}
	if name := envProgram(words); name != "" && !p.onPath(name) {
		return needs(name)
	}
	return nil
}

// envProgram returns the program that env(1) is told to start, "" when that is not plain.
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

func (p *Place) onPath(name string) bool {
	if strings.Contains(name, "/") {
		return p.finds(name, true)
	}
	list, set := variable(p.Env, "PATH=")
	return !set || p.findsIn(strings.Split(list, ":"), name, true) // env(1) has a list of its own
}

// LookPath returns where an environment's PATH has a program, "" for nowhere. A name with a slash is its own place.
func LookPath(tree Tree, env []string, name string) string {
	if strings.Contains(name, "/") {
		return name
	}
	list, _ := variable(env, "PATH=")
	for _, dir := range strings.Split(list, ":") {
		if found := path.Join(dir, name); isAbs(found) && has(tree, found, true) {
			return found
		}
	}
	return ""
}

// variable returns the value of the first variable of an environment that begins with key ("PATH="), and whether it is
// set.
func variable(env []string, key string) (string, bool) {
	for _, v := range env {
		if value, ok := strings.CutPrefix(v, key); ok {
			return value, true
		}
	}
	return "", false
}
