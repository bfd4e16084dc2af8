//go:build linux

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
)

// weighing is the argument after which this program runs a command and prints what it took, as JSON. The kernel counts the
// memory of the process that starts a program as the program's (getrusage(2), ru_maxrss), and a process that has sent
// loads has more than mkimage.
const weighing = "weigh"

// costOf runs a command in a small process of its own, and returns what it took.
func costOf(command *exec.Cmd) ([]rounds.Figure, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	command.Args = slices.Concat([]string{self, weighing, command.Path}, command.Args[1:])
	command.Path = self
	var failure strings.Builder
	command.Stderr = &failure
	text, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(failure.String()))
	}
	var cost rounds.Cost
	if err := json.Unmarshal(text, &cost); err != nil {
		return nil, err
	}
	return cost.Figures(), nil
}

// weighed runs a command and prints its cost, or why it failed.
func weighed(ctx context.Context, name string, args ...string) error {
	command := exec.CommandContext(ctx, name, args...)
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	cost, err := rounds.CostOf(command)
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(cost)
}
