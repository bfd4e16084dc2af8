package gobuild

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
)

// ErrNoGo means that there is no go command on the PATH.
var ErrNoGo = errors.New("there is no go command on the PATH; install Go from https://go.dev/dl")

// ToolchainError means that the go command could not become the version that is wanted.
type ToolchainError struct {
	Want, Have string // "go1.26.8"; Have is "" where it is not known
	Reason     string // the go command's message
}

func (e *ToolchainError) Error() string {
	text := "this needs exactly " + e.Want
	if e.Have != "" {
		text += ", the go command is " + e.Have
	}
	if e.Reason != "" {
		text += " and cannot fetch it (" + e.Reason + ")"
	}
	return text + "; install " + e.Want + " from https://go.dev/dl"
}

// run runs the go command in dir and returns its stdout.
func run(ctx context.Context, dir string, environment []string, args ...string) ([]byte, error) {
	program, err := exec.LookPath("go")
	if err != nil {
		return nil, ErrNoGo
	}
	var stdout, stderr bytes.Buffer
	command := exec.CommandContext(ctx, program, args...)
	command.Dir, command.Env = dir, slices.Concat(environment, []string{"PWD=" + dir})
	command.Stdout, command.Stderr = &stdout, &stderr
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) } // go removes its temporary files
	command.WaitDelay = 5 * time.Second
	if err := command.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("go %s: %w", args[0], &commandError{err, stderr.String()})
	}
	return stdout.Bytes(), nil
}

// commandError is a go command that failed, told by the first thing that it wrote.
type commandError struct {
	error
	stderr string
}

func (e *commandError) Error() string {
	if all := e.messages(); len(all) > 0 {
		return all[0]
	}
	return e.error.Error()
}

// messages returns the go command's messages without headings and notices, each on one line: an indented line belongs
// to the line before it.
func (e *commandError) messages() []string {
	var all []string
	for line := range strings.Lines(e.stderr) {
		text := strings.TrimSpace(line)
		switch {
		case text == "", strings.HasPrefix(text, "# "), strings.HasPrefix(text, "go: downloading "):
		case strings.HasPrefix(line, "\t") && len(all) > 0:
			all[len(all)-1] += " " + text
		default:
			all = append(all, text)
		}
	}
	return all
}

// target returns the go command's variables for programs of a platform.
func target(platform images.Platform) []string {
	variables := []string{"GOOS=" + platform.OS(), "GOARCH=" + platform.Architecture(), "CGO_ENABLED=0"}
	if level, ok := strings.CutPrefix(platform.Variant(), "v"); ok {
		variables = append(variables, "GO"+strings.ToUpper(platform.Architecture())+"="+level) // GOARM=7
	}
	return variables
}

// environment returns the environment of the go command. It keeps the variables for folders and downloads, also those
// set with "go env -w", and drops all that change compiled code (GOFLAGS, GOAMD64, GOEXPERIMENT, GODEBUG, ...). dir is
// a folder that is in no module.
func environment(ctx context.Context, dir string) ([]string, error) {
	system := kept(
		"PATH", "HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "NETRC", "SSH_AUTH_SOCK",
		"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy", "SSL_CERT_FILE", "SSL_CERT_DIR",
		"SystemRoot", "USERPROFILE", "LOCALAPPDATA", "APPDATA", "TEMP", "TMP", "PATHEXT")
	return withSettings(ctx, dir, append(system, "GOWORK=off"))
}

// withSettings adds the go command's variables for folders and downloads, as "go env" shows them. Other settings made
// with "go env -w" have no effect.
func withSettings(ctx context.Context, dir string, variables []string) ([]string, error) {
	fetch := []string{
		"GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY", "GONOPROXY", "GOSUMDB", "GONOSUMDB", "GOPRIVATE", "GOINSECURE", "GOAUTH",
	}
	asking := slices.Concat(variables, kept(append(fetch, "GOENV")...), []string{"GOTOOLCHAIN=local", "GOWORK=off"})
	answer, err := run(ctx, dir, asking, append([]string{"env", "-json"}, fetch...)...)
	if err != nil {
		return nil, err
	}
	set := map[string]string{}
	if err := json.Unmarshal(answer, &set); err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	environment := append(slices.Clone(variables), "GOENV=off")
	for _, name := range slices.Sorted(maps.Keys(set)) {
		if set[name] != "" {
			environment = append(environment, name+"="+set[name])
		}
	}
	return environment, nil
}

// kept returns the variables that are set.
func kept(names ...string) []string {
	var environment []string
	for _, name := range names {
		if value, ok := os.LookupEnv(name); ok {
			environment = append(environment, name+"="+value)
		}
	}
	return environment
}

// explain turns a failure to become the wanted toolchain into a ToolchainError; others stay as they are.
func (m *Module) explain(ctx context.Context, dir string, err error) error {
	var failed *commandError
	if !errors.As(err, &failed) || !strings.Contains(failed.stderr, "toolchain") {
		return err
	}
	have, _ := run(ctx, dir, append(os.Environ(), "GOTOOLCHAIN=local"), "env", "GOVERSION")
	return &ToolchainError{Want: m.toolchain, Have: strings.TrimSpace(string(have)), Reason: failed.Error()}
}
