package main

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/invoke"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/wsk"
)

// wskFlags are the flags of mkimage wsk, as they were typed.
type wskFlags struct {
	registryFlags
	images, repo, file, main                    string
	parameters, annotations, environment, value []string
	tags                                        []string
	parameterFile, apihost, auth                string
	memory, timeout                             int
	json, update, insecureTLS, invoke           bool

	runtimes runtimesFlags
}

func newWsk() *cobra.Command {
	var flags wskFlags
	command := &cobra.Command{
		Use:   "wsk NAME|PATH|REF [ACTION|KIND]",
		Short: "Select an image for an OpenWhisk action",
		Long: `Print the wsk commands that create and update an action with an image. The image is NAME, or an OCI layout in the folder
PATH, both pushed to --repo/NAME; or REF in a registry. The default for ACTION is the name of the image.

The digest is that of dist/NAME. Where that is not there, or is of an earlier build, as after mkimage build --push, it is
that of --repo/NAME with the tag --tag.

OpenWhisk drops the digest of a reference and runs "latest". So the commands have the content tag, which every push
sets and which never moves. A comment has the digest.

--update (or --apihost) creates or updates the action by OpenWhisk's REST API. --invoke also runs it once: the result
goes to stdout, the log to stderr, and a failed run is a failure. An action that would not change is left alone.
OpenWhisk replaces parameters, and adds annotations to those of the action. Host and key are those of wsk:
$WHISK_APIHOST and $WHISK_AUTH, or apihost: in mkimage.yaml, or APIHOST and AUTH in ~/.wskprops or in the file
$WSK_CONFIG_FILE.

wsk sends *.zip and *.jar as they are and any other file as text. So a program or a tar.gz is refused: zip it.

--runtimes prints the image as a kind for OpenWhisk's runtimes.json, for operators: kinds get prewarmed containers,
images of --docker never do. Give the kind, FAMILY:VERSION, in place of ACTION. Its default is the image's name with
the major version of the Alpine package of that name, such as bash:5. --into merges the entry into a file. There,
OpenWhisk wants exactly one default in each family of several kinds.`,
		Example: `  mkimage wsk hello --repo docker.io/you
  mkimage wsk docker.io/you/go:1.2 greet --file greet.zip --memory 128
  mkimage wsk hello --repo docker.io/you --update
  mkimage wsk hello --repo docker.io/you --apihost openwhisk.example.org --invoke --with name=Mike
  mkimage wsk bash bash:5 --repo registry.example.org/you --runtimes --new-family --into runtimes.json`,
		Args:              cobra.RangeArgs(1, 2),
		ValidArgsFunction: completeNames,
		RunE:              func(command *cobra.Command, args []string) error { return flags.run(command, args) },
	}
	set := command.Flags()
	set.StringVar(&flags.images, "images", "", "take definitions from `DIR`; from images when not given")
	set.StringVar(&flags.repo, "repo", "", "images are pushed to `REPO`/NAME")
	set.StringArrayVar(&flags.tags, "tag", nil, "take the image that was pushed with `TAG`, where none is built here; latest when not given")
	set.StringVar(&flags.file, "file", "", "upload the code in `FILE`: a zip, or a text; none for an image that brings its action")
	set.StringVar(&flags.main, "main", "", "call the function `NAME`, for code that has several")
	set.StringArrayVarP(&flags.parameters, "param", "p", nil, "give every run `NAME=VALUE`, repeatable; a VALUE that is JSON is sent as that")
	set.StringVar(&flags.parameterFile, "param-file", "", "give every run the members of the JSON object in `FILE`")
	set.StringArrayVarP(&flags.annotations, "annotation", "a", nil, "annotate the action with `NAME=VALUE`, repeatable, such as web-export=true")
	set.StringArrayVarP(&flags.environment, "env", "e", nil, "set `NAME=VALUE` in the action's environment, repeatable; wsk itself cannot")
	set.IntVarP(&flags.memory, "memory", "m", 0, "allow the action `MB` of memory; OpenWhisk's default when not given")
	set.IntVarP(&flags.timeout, "timeout", "t", 0, "allow a run `MS` milliseconds; OpenWhisk's default when not given")
	set.BoolVar(&flags.json, "json", false, "print the body of the REST call instead")
	set.BoolVar(&flags.update, "update", false, "create or update the action")
	set.StringVar(&flags.apihost, "apihost", "", "create or update the action at `HOST`, a name or a URL")
	set.StringVarP(&flags.auth, "auth", "u", "", "with the key `ID:KEY`; better leave it to $WHISK_AUTH or ~/.wskprops, where other users do not see it")
	set.BoolVarP(&flags.insecureTLS, "insecure-tls", "i", false, "take any certificate of the host, as wsk -i does")
	set.BoolVar(&flags.invoke, "invoke", false, "create or update the action and run it once")
	set.StringArrayVar(&flags.value, "with", nil, "run it with `NAME=VALUE`, repeatable; a VALUE that is JSON is sent as that")
	flags.runtimes.add(set)
	withVariable(set, "images", "repo", "tag")
	flags.registryFlags.add(set)
	return command
}

func (f *wskFlags) run(command *cobra.Command, args []string) error {
	if err := f.check(); err != nil {
		return usage(command, err)
	}
	if f.runtimes.asked() {
		return f.offer(command, args)
	}
	action, err := f.action(command)
	if err == nil {
		err = action.CheckSize() // before a registry is asked
	}
	if err != nil {
		return err
	}
	if len(args) == 2 { // a mistake in it should not wait for a registry
		if action.Name, err = wsk.ParseName(args[1]); err != nil {
			return usage(command, err)
		}
	}
	image, err := f.find(command, args[0])
	if err != nil {
		return err
	}
	action.Image = image.Tag()
	if err := action.CheckSize(); err != nil {
		return err
	}
	switch {
	case image.Empty && action.Code == nil:
		return fmt.Errorf("the image %s brings no action: give the code with --file, or bake it in with mkimage build %s --action PATH", image.Name, image.Name)
	case len(args) == 1:
		action.Name.Namespace, action.Name.Action = "_", image.Name
	}
	switch {
	case f.direct():
		return f.put(command, action)
	case f.json:
		body, err := action.Body()
		if err != nil {
			return err
		}
		_, err = command.OutOrStdout().Write(body)
		return err
	}
	lines, err := action.Commands()
	if err != nil {
		return fmt.Errorf("%w: give --update, or --json, in place of its lines", err)
	}
	_, err = fmt.Fprintf(command.OutOrStdout(), "# %s\n%s", image.Reference(), lines)
	return err
}

// direct reports whether the action is to be made, and not only told.
func (f *wskFlags) direct() bool { return f.update || f.apihost != "" || f.invoke }

func (f *wskFlags) check() error {
	switch {
	case !f.runtimes.wanted && f.runtimes.asked():
		return errors.New("--new-family and --into are for --runtimes")
	case f.runtimes.wanted && f.describes():
		return errors.New("--runtimes offers the image to all actions, so of an action's flags it takes --memory alone")
	case f.json && f.direct():
		return errors.New("--json only prints, and --update, --apihost and --invoke make the call: choose one")
	case len(f.value) > 0 && !f.invoke:
		return errors.New("--with is for --invoke; the parameters of every run are --param")
	case !f.direct() && (f.auth != "" || f.insecureTLS):
		return errors.New("--auth and --insecure-tls are for --update or --invoke")
	case f.memory < 0:
		return fmt.Errorf("--memory %d: want a number of megabytes, 0 or more", f.memory)
	case f.timeout < 0:
		return fmt.Errorf("--timeout %d: want a number of milliseconds, 0 or more", f.timeout)
	}
	return nil
}

// action returns the action that the flags describe.
func (f *wskFlags) action(command *cobra.Command) (wsk.Action, error) {
	action := wsk.Action{Main: f.main, Memory: f.memory, Timeout: f.timeout}
	var document []byte
	var err error
	if f.parameterFile != "" {
		if document, err = readFile(f.parameterFile); err != nil {
			return action, err
		}
	}
	if action.Parameters, err = keyValues(document, f.parameters); err != nil {
		return action, usage(command, fmt.Errorf("--param and --param-file: %w", err))
	}
	if action.Annotations, err = keyValues(nil, f.annotations); err != nil {
		return action, usage(command, fmt.Errorf("--annotation: %w", err))
	}
	for _, variable := range f.environment {
		parameter, err := wsk.Environment(variable)
		if err != nil {
			return action, usage(command, fmt.Errorf("--env %w", err))
		}
		if slices.ContainsFunc(action.Parameters, func(other wsk.KeyValue) bool { return other.Key == parameter.Key }) {
			return action, usage(command, fmt.Errorf("--env: %s is given twice: a variable is a parameter too", parameter.Key))
		}
		action.Parameters = append(action.Parameters, parameter)
	}
	if f.file != "" {
		action.Code, err = wsk.ReadCode(f.file)
	}
	return action, err
}

func keyValues(document []byte, pairs []string) ([]wsk.KeyValue, error) {
	if document != nil {
		if _, err := wsk.KeyValues(document); err != nil {
			return nil, err
		}
	}
	object, err := invoke.Value(document, pairs)
	if err != nil {
		return nil, err
	}
	return wsk.KeyValues(object)
}
