package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/invoke"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/mistake"
)

// invokeFlags are the flags of mkimage invoke, as they were typed.
type invokeFlags struct {
	code, document, main string
	parameters           []string
	runs                 int
	noInit, stream       bool
}

func newInvoke() *cobra.Command {
	var flags invokeFlags
	command := &cobra.Command{
		Use:   "invoke URL",
		Short: "Init and run an action as OpenWhisk does",
		Long: `Call the container at URL as OpenWhisk's invoker does: init it, with the code in --init or with its baked action, then
run it. URL may be a port of this machine. A container of mkimage run takes a second --init; one of OpenWhisk does
not.

Results go to stdout, one a line. Status and time of each answer go to stderr. The first failure ends the command. As
on the platform, a failure is a status other than 200, a result that is neither an object nor an array, or a result
with a member "error". On a terminal, control characters of a result are shown as \u001b.

With --stream, what the action streams goes to stdout while it comes, and its result to stderr. An interrupt leaves,
which cancels the run. An action that streams nothing answers as without the flag.`,
		Example: `  mkimage invoke http://localhost:8080 --init hello.zip --param name=Mike
  mkimage invoke 8080 --no-init --json event.json -n 100
  mkimage invoke 8080 --init countdown.sh --stream --param from=3`,
		Args: cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error { return flags.run(command, args[0]) },
	}
	set := command.Flags()
	set.StringVar(&flags.code, "init", "", "init with the code in `FILE`: a program, a script, a zip, a tar.gz or source")
	set.StringVar(&flags.main, "main", "main", "the function to call, `NAME`, for source that has several")
	set.BoolVar(&flags.noInit, "no-init", false, "do not init: run the code that is there")
	set.StringArrayVarP(&flags.parameters, "param", "p", nil, "run with `NAME=VALUE`, repeatable; a VALUE that is JSON is sent as that")
	set.StringVar(&flags.document, "json", "", "run with the JSON in `FILE`; - is standard input")
	set.BoolVar(&flags.stream, "stream", false, "show what the action streams while it comes")
	set.IntVarP(&flags.runs, "runs", "n", 1, "run `N` times, one after the other; 0 only inits")
	return command
}

func (f *invokeFlags) run(command *cobra.Command, address string) error {
	target, err := invoke.ParseURL(address)
	if err != nil {
		return usage(command, err)
	}
	switch {
	case f.noInit && f.code != "":
		return usage(command, errors.New("--no-init and --init are opposites: give one"))
	case f.runs < 0:
		return usage(command, fmt.Errorf("--runs %d: want a number of runs, 0 or more", f.runs))
	}
	document, err := f.read(command)
	if err != nil {
		return err
	}
	value, err := invoke.Value(document, f.parameters)
	if err != nil && document != nil && !json.Valid(document) {
		var any json.RawMessage
		return usage(command, fmt.Errorf("--json %s: %w", f.document, mistake.JSON(document, json.Unmarshal(document, &any))))
	}
	if err != nil {
		return usage(command, err)
	}
	client := invoke.Client{URL: target, Name: "mkimage", Main: f.main}
	if !f.noInit {
		if err := f.init(command, client); err != nil {
			return err
		}
	}
	return f.repeat(command, client, value)
}

// read returns the content of --json.
func (f *invokeFlags) read(command *cobra.Command) ([]byte, error) {
	switch f.document {
	case "":
		return nil, nil
	case "-":
		return io.ReadAll(command.InOrStdin())
	}
	return readFile(f.document)
}

func readFile(name string) ([]byte, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, human.Reason(err))
	}
	return content, nil
}

func (f *invokeFlags) init(command *cobra.Command, client invoke.Client) error {
	var code []byte
	if f.code != "" {
		var err error
		if code, err = client.Read(f.code); err != nil {
			return err
		}
	}
	answer, err := client.Init(command.Context(), code)
	if err != nil {
		return err
	}
	fmt.Fprintf(command.ErrOrStderr(), "init %d %s\n", answer.Status, human.Duration(answer.Took))
	if answer.OK() {
		return nil
	}
	text := fmt.Sprintf("init answered %d: %s", answer.Status, invoke.Message(answer.Body))
	switch again := strings.Contains(text, "more than once"); {
	case again && len(code) == 0: // what was asked for is there
		fmt.Fprintln(command.ErrOrStderr(), "it has been initialised before; --no-init does not ask")
		return nil
	case again:
		return errors.New("it runs already: --init needs a container that takes another one, as those of mkimage run do (PROXY_ALLOW_REINIT=1); --no-init runs the code that is there")
	case answer.Status == http.StatusNotFound:
		text = "what listens at " + client.URL + " knows no /init, so it is no action's container: check the address (docker ps)"
	case answer.Status == http.StatusForbidden && len(code) > 0:
		text += "; it is the image's own action, or a Go program, which takes the place of the proxy: start the container again, or keep the action running with mkimage dev"
	case len(code) == 0:
		text += " (nothing is baked in: give the code with --init FILE)"
	}
	return errors.New(text)
}

// repeat runs the action and shows the results, and the spread of times of several runs.
func (f *invokeFlags) repeat(command *cobra.Command, client invoke.Client, value json.RawMessage) error {
	var times []time.Duration
	for range f.runs {
		answer, err := f.once(command, client, value)
		if err != nil {
			return err
		}
		times = append(times, answer.Took)
		if err := answer.RunError(); err != nil {
			return err
		}
	}
	if len(times) > 1 {
		slices.Sort(times)
		at := func(percent int) string { return human.Duration(times[(len(times)-1)*percent/100]) }
		fmt.Fprintf(command.ErrOrStderr(), "%d runs: median %s, 90%% %s, 99%% %s, longest %s\n", len(times), at(50), at(90), at(99), at(100))
	}
	return nil
}

// once runs the action and shows its answer.
func (f *invokeFlags) once(command *cobra.Command, client invoke.Client, value json.RawMessage) (invoke.Answer, error) {
	stdout, stderr := command.OutOrStdout(), command.ErrOrStderr()
	run := client.Run
	if f.stream {
		run = func(ctx context.Context, value json.RawMessage) (invoke.Answer, error) {
			return client.Stream(ctx, value, stdout)
		}
	}
	answer, err := run(command.Context(), value)
	switch {
	case err != nil:
		return answer, err
	case !answer.Streamed:
		fmt.Fprintf(stdout, "%s\n", bytes.TrimSpace(answer.Body))
		fmt.Fprintf(stderr, "run %d %s%s\n", answer.Status, human.Duration(answer.Took), nothing(f.stream))
		return answer, nil
	case answer.Left != "":
		fmt.Fprintf(stderr, "result of %s bytes, which is too long to follow a stream\n", answer.Left)
	default:
		fmt.Fprintf(stderr, "result %s\n", answer.Body)
	}
	fmt.Fprintf(stderr, "run %d %s, the stream began after %s\n", answer.Status, human.Duration(answer.Took), human.Duration(answer.First))
	return answer, nil
}

// nothing returns the note on an answer without a stream, where one was asked for.
func nothing(asked bool) string {
	if !asked {
		return ""
	}
	return ", nothing was streamed"
}
