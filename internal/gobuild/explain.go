package gobuild

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// shownMessages is how many of the compiler's messages an error has; the compiler itself stops after ten.
const shownMessages = 10

// explain returns why a package does not compile, in the compiler's words, with file names relative to the working
// directory, and with advice if there is any.
func (p Package) explain(ctx context.Context, dir string, environment []string, err error) error {
	var failed *commandError
	if !errors.As(err, &failed) {
		return err
	}
	messages := failed.messages()
	if len(messages) == 0 {
		return err
	}
	for i, message := range messages {
		messages[i] = p.located(message)
	}
	text := messages[0]
	switch {
	case strings.Contains(text, "requires go >= "), strings.Contains(text, "requires go1.") && strings.Contains(text, "toolchain"):
		return fmt.Errorf("%s: actions are compiled with exactly %s; lower the go line in go.mod, or take a newer mkimage", text, p.Toolchain)
	case strings.Contains(failed.stderr, "toolchain"):
		return &ToolchainError{Want: p.Toolchain, Reason: text}
	case strings.Contains(text, "go.mod file not found"):
		return fmt.Errorf("there is no go.mod there or above: run go mod init NAME and go mod tidy in %s", p.Dir)
	case strings.Contains(text, "no Go files in"), strings.Contains(text, "no non-test Go files in"):
		return fmt.Errorf("there is no Go file of a package main in it")
	}
	if user := cgoUser(ctx, dir, environment, failed.stderr); user != "" {
		text += "; " + user + " uses cgo, and actions are compiled without (CGO_ENABLED=0), for an image has no C library: take a package in pure Go"
		return errors.New(text)
	}
	if len(messages) == 1 {
		return errors.New(text)
	}
	return errors.New(text + list(messages[1:min(len(messages), shownMessages)]))
}

// list returns further messages, each after a semicolon.
func list(messages []string) string {
	var text strings.Builder
	for _, message := range messages {
		text.WriteString("; " + message)
	}
	return text.String()
}

// position is how the compiler begins a message: a file, seen from the package's folder, and a line.
var position = regexp.MustCompile(`^([^:\s]+\.go):[0-9]+:`)

// located returns the compiler's message with the file as it is seen from the working directory.
func (p Package) located(message string) string {
	found := position.FindStringSubmatch(message)
	if found == nil || filepath.IsAbs(found[1]) {
		return message
	}
	return filepath.Join(p.Dir, filepath.FromSlash(found[1])) + strings.TrimPrefix(message, found[1])
}

// cgoUser returns the package that keeps a program from being compiled because it needs cgo, with its file, or "".
func cgoUser(ctx context.Context, dir string, environment []string, stderr string) string {
	if !strings.Contains(stderr, "build constraints exclude all Go files") && !strings.Contains(stderr, "undefined: ") {
		return ""
	}
	asking := append(slices.Clone(environment), "CGO_ENABLED=1")
	const users = `{{if and .CgoFiles (not .Standard)}}{{.ImportPath}} ({{index .CgoFiles 0}}){{end}}`
	answer, err := run(ctx, dir, asking, "list", "-e", "-deps", "-f", users, ".")
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(answer)) {
		if line = strings.TrimSpace(line); line != "" {
			return line
		}
	}
	return ""
}
