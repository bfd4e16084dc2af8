package action

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
)

// check refuses what could not start in the image of a platform.
func check(files []file, platform images.Platform, below Tree) error {
	main, err := follow(files, "exec")
	if err != nil {
		return err
	}
	all := below.with(files)
	switch content := main.content; {
	case len(content) == 0:
		return errors.New("exec is empty, or not a file")
	case isELF(content):
		return checkELF(content, platform, all)
	case bytes.HasPrefix(content, []byte("#!")):
		return checkScript(content, all)
	case isForeign(content):
		return fmt.Errorf("the program is for macOS or Windows: build it for Linux (Go: GOOS=linux GOARCH=%s)", platform.Architecture())
	}
	return errors.New("it is neither a Go package's folder nor a program, a script with #!, a zip or a tar.gz")
}

// follow returns the file at a path, through the symlinks of the action. It is an error when they lead out of it.
func follow(files []file, name string) (file, error) {
	links := map[string]string{}
	for _, f := range files {
		links[f.name] = f.link
	}
	at, rest := ".", strings.Split(name, "/")
	for followed := 0; len(rest) > 0; {
		next := path.Join(at, rest[0])
		rest = rest[1:]
		target := links[next]
		switch {
		case next == ".." || path.IsAbs(target):
			return file{}, fmt.Errorf("%s is a symlink that leads out of the action's folder: pack the file itself", name)
		case target == "":
			at = next
		case followed == maxLinks:
			return file{}, nil
		default:
			followed++
			rest = append(strings.Split(target, "/"), rest...)
		}
	}
	return find(files, at), nil
}

func isForeign(content []byte) bool {
	for _, first := range []string{"\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe\x00\x00\x00", "MZ\x90\x00"} {
		if bytes.HasPrefix(content, []byte(first)) {
			return true
		}
	}
	return false
}

// checkScript checks that what a script's first line names is in the image.
func checkScript(content []byte, all Tree) error {
	line, _, _ := bytes.Cut(content[2:], []byte("\n"))
	if bytes.HasSuffix(line, []byte("\r")) {
		return errors.New("the script has Windows line ends: save it with LF line ends")
	}
	words := strings.Fields(string(line))
	if len(words) == 0 {
		return errors.New("the script names no interpreter after the #! of its first line")
	}
	if !all.Has(words[0]) {
		return missing("the script", words[0])
	}
	if path.Base(words[0]) != "env" {
		return nil
	}
	if name := envProgram(words[1:]); name != "" && !strings.Contains(name, "/") && !all.onPath(name) {
		return missing("the script", name)
	}
	return nil
}

// envProgram returns the program that env(1) is told to start, or "" when that is not plain.
func envProgram(words []string) string {
	for _, word := range words {
		switch {
		case word == "-S":
		case strings.HasPrefix(word, "-"):
			return ""
		case !strings.Contains(word, "="):
			return word
		}
	}
	return ""
}

// missing says that the image lacks what something needs.
func missing(who, name string) error {
	return fmt.Errorf("%s needs %s, which is not in the image: take a definition that has it", who, name)
}
