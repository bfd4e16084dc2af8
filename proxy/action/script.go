//go:build linux

package action

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// checkInterpreter checks a script's first line. The kernel itself would only
// say "no such file or directory".
func (f *Folder) checkInterpreter(first []byte) error {
	line, _, ended := bytes.Cut(first[2:], []byte("\n"))
	if !ended && len(first) == cap(first) {
		return refuse("the script's first line is too long")
	}
	if bytes.HasSuffix(line, []byte("\r")) {
		return refuse("the script has Windows line ends: its first line ends in CR (save it with LF line ends)")
	}
	words := strings.Fields(string(line))
	if len(words) == 0 {
		return refuse("the script's first line names no interpreter after #!")
	}
	if !executable(words[0]) {
		return refuse("the script needs ", words[0], ", which is not in this image")
	}
	if filepath.Base(words[0]) != "env" {
		return nil
	}
	if name := envProgram(words[1:]); name != "" && !f.onPath(name) {
		return refuse("the script needs ", name, ", which is not in this image")
	}
	return nil
}

// envProgram is the program that env(1) is told to start.
func envProgram(words []string) string {
	for _, word := range words {
		if !strings.HasPrefix(word, "-") && !strings.Contains(word, "=") {
			return word
		}
	}
	return ""
}

func (f *Folder) onPath(name string) bool {
	if strings.Contains(name, "/") {
		return executable(name)
	}
	for _, v := range f.Env {
		if list, ok := strings.CutPrefix(v, "PATH="); ok {
			for dir := range strings.SplitSeq(list, ":") {
				if executable(filepath.Join(dir, name)) {
					return true
				}
			}
			return false
		}
	}
	return true // env(1) has a list of its own
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

// noExecFlag is ST_NOEXEC of statvfs(3).
const noExecFlag = 8

// runnable says why a file that could run is not allowed to.
func (f *Folder) runnable(path string) error {
	var s syscall.Statfs_t
	if syscall.Statfs(path, &s) == nil && s.Flags&noExecFlag != 0 {
		return refuse(f.Dir, " is mounted noexec, so nothing in it can run (start the container with --tmpfs ", f.Dir, ":exec,uid=", uid(), ")")
	}
	if info, err := os.Stat(path); err == nil && info.Mode()&0o111 == 0 {
		return refuse(path, " is not executable (chmod +x)")
	}
	return nil
}
