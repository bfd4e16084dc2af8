// Package compile makes the programs that the benchmarks run.
package compile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// Root returns the folder of the module that this program was started in.
func Root(ctx context.Context) (string, error) {
	out, err := exec.CommandContext(ctx, "go", "env", "GOMOD").Output()
	if err != nil {
		return "", fmt.Errorf("find the module: %w", err)
	}
	file := strings.TrimSpace(string(out))
	if filepath.Base(file) != "go.mod" {
		return "", errors.New("find the module: start the benchmarks within it")
	}
	return filepath.Dir(file), nil
}

// Go compiles a package of the module at root the way that mkimage compiles the proxy. Variables are flags of the
// linker: " -X main.work=hello".
func Go(ctx context.Context, root, to, pkg, variables string) error {
	command := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w"+variables, "-o", to, pkg)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) } // go removes its temporary files
	command.WaitDelay = 5 * time.Second
	command.Dir = root
	command.Env = append(os.Environ(), "CGO_ENABLED=0")
	return Run(command)
}

// C compiles a static program, with the C compiler at cc.
func C(ctx context.Context, cc, to, source string) error {
	return Run(exec.CommandContext(ctx, cc, "-O2", "-static", "-s", "-o", to, source))
}

// Run runs a command; its error has what the command printed.
func Run(command *exec.Cmd) error {
	if out, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(command.Args, " "), err, out)
	}
	return nil
}
