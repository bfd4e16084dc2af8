package git

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"strings"
)

// Error is what git says when it fails: a line, in English.
type Error struct {
	Command string // such as "rev-parse"
	Text    string
}

func (e *Error) Error() string { return "git " + e.Command + ": " + e.Text }

// Run runs git in a folder, or in the working directory for "", and returns what it wrote to stdout. It asks nobody for
// a password, and takes no lock that another git would wait for.
func Run(ctx context.Context, dir string, args ...string) ([]byte, error) {
	program, err := exec.LookPath("git")
	if err != nil {
		return nil, errors.New("there is no git command on the PATH")
	}
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, program, append([]string{"--no-optional-locks"}, args...)...)
	command.Dir, command.Stdout, command.Stderr = dir, &stdout, &stderr
	command.Env = append(command.Environ(), "LC_ALL=C", "GIT_TERMINAL_PROMPT=0")
	if err := command.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		said, _, _ := strings.Cut(strings.TrimSpace(stderr.String()), "\n")
		if said == "" {
			said = err.Error()
		}
		return nil, &Error{args[0], strings.TrimPrefix(said, "fatal: ")}
	}
	return stdout.Bytes(), nil
}
