package git

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// Error is the message of a failed git: a line, in English.
type Error struct {
	Command string // such as "rev-parse"
	Text    string
}

func (e *Error) Error() string { return "git " + e.Command + ": " + e.Text }

// Run runs git in a folder, or in the working directory for "", and returns its stdout. git asks for no password, and
// takes no lock that another git would wait for.
func Run(ctx context.Context, dir string, args ...string) ([]byte, error) {
	return run(ctx, dir, nil, args...)
}

// batch returns the objects with these names, a line each; nil for one that is not there.
func batch(ctx context.Context, names string) ([][]byte, error) {
	answer, err := run(ctx, "", strings.NewReader(names), "cat-file", "--batch")
	var objects [][]byte
	for err == nil && len(answer) > 0 {
		head, rest, _ := bytes.Cut(answer, []byte("\n"))
		fields := strings.Fields(string(head)) // hash, type, size; or the name and "missing"
		if bytes.HasSuffix(head, []byte(" missing")) {
			objects, answer = append(objects, nil), rest
			continue
		}
		size, parsed := strconv.Atoi(fields[len(fields)-1])
		if parsed != nil || size < 0 || size >= len(rest) {
			return nil, &Error{"cat-file", "it answers " + string(head)}
		}
		objects, answer = append(objects, rest[:size:size]), rest[size+1:]
	}
	return objects, err
}

func run(ctx context.Context, dir string, input io.Reader, args ...string) ([]byte, error) {
	program, err := exec.LookPath("git")
	if err != nil {
		return nil, errors.New("there is no git command on the PATH")
	}
	var stdout, stderr bytes.Buffer
	// These settings of users change the output of plain commands, or run a program.
	settings := []string{"--no-optional-locks", "-c", "diff.relative=false", "-c", "core.fsmonitor=false"}
	command := exec.CommandContext(ctx, program, append(settings, args...)...)
	command.Stdin = input
	command.Dir, command.Stdout, command.Stderr = dir, &stdout, &stderr
	command.Env = append(command.Environ(), "LC_ALL=C", "GIT_TERMINAL_PROMPT=0",
		"GIT_LITERAL_PATHSPECS=0", "GIT_GLOB_PATHSPECS=0", "GIT_NOGLOB_PATHSPECS=0", "GIT_ICASE_PATHSPECS=0")
	if err := command.Run(); err != nil {
		return nil, failure(ctx, args[0], stderr.String(), err)
	}
	return stdout.Bytes(), nil
}

// failure returns the error of a git command that has failed.
func failure(ctx context.Context, command, stderr string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return &Error{command, cmp.Or(reason(stderr), err.Error())}
}

// reason returns git's error message: the line that begins with "fatal:", or else the first. If a folder is not
// trusted, git's advice follows.
func reason(said string) string {
	lines := strings.Split(strings.TrimSpace(said), "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, "fatal: ") {
			lines = lines[i:]
			break
		}
	}
	text := strings.TrimPrefix(lines[0], "fatal: ")
	if strings.HasPrefix(text, "not a git repository (") {
		return "not a git repository: run it in a checkout, or begin one with git init"
	}
	if rest := strings.Fields(strings.Join(lines[1:], " ")); slices.Contains(rest, "safe.directory") {
		text += ": " + strings.Join(rest, " ")
	}
	return text
}
