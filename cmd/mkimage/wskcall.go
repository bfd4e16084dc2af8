package main

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/invoke"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/project"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/wsk"
)

// put makes the call, and runs the action where that is asked for.
func (f *wskFlags) put(command *cobra.Command, action wsk.Action) error {
	of, err := project.Find(".")
	if err != nil {
		return err
	}
	settings, err := wsk.Find(wsk.Settings{APIHost: cmp.Or(f.apihost, os.Getenv("WHISK_APIHOST"), of.APIHost), Auth: f.auth}, os.Getenv)
	if err != nil {
		return err
	}
	client, err := wsk.NewClient(settings, f.insecureTLS)
	if err != nil {
		return err
	}
	value, err := invoke.Value(nil, f.value)
	if err != nil {
		return usage(command, fmt.Errorf("--with: %w", err))
	}
	version, changed, err := client.Update(command.Context(), action)
	if err != nil {
		return err
	}
	what := "unchanged %s, at version %s: %s\n"
	if changed {
		what = "updated %s to version %s: %s\n"
	}
	fmt.Fprintf(command.ErrOrStderr(), what, action.Name, cmp.Or(version, "?"), action.Image)
	if !f.invoke {
		return nil
	}
	return show(command, client, action.Name, value)
}

// show runs the action once. Its result goes to stdout, its log to stderr.
func show(command *cobra.Command, client *wsk.Client, name wsk.Name, value []byte) error {
	activation, err := client.Invoke(command.Context(), name, value)
	if err != nil {
		return err
	}
	var result bytes.Buffer
	if err := json.Compact(&result, activation.Response.Result); err != nil {
		return fmt.Errorf("invoke %s: activation %s has no result: %w", name, activation.ID, err)
	}
	fmt.Fprintln(command.OutOrStdout(), result.String())
	fmt.Fprintf(command.ErrOrStderr(), "activation %s: %s, %s\n", activation.ID, activation.Response.Status, human.Duration(time.Duration(activation.Duration)*time.Millisecond))
	lines, err := client.Logs(command.Context(), activation.ID)
	if errors.Is(err, wsk.ErrNoLogs) {
		lines, err = []string{"the log is not there yet: wsk activation logs " + activation.ID}, nil
	}
	for _, line := range lines {
		fmt.Fprintln(command.ErrOrStderr(), line)
	}
	if err == nil && !activation.Response.Success {
		err = fmt.Errorf("invoke %s: %s: %s", name, activation.Response.Status, invoke.Message(activation.Response.Result))
	}
	return err
}
