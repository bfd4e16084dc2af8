package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
)

// usageError is a command line that means nothing: exit status 2.
type usageError struct {
	error
	command string // whose --help tells more
}

func (e *usageError) Error() string { return e.error.Error() + "; see " + e.command + " --help" }
func (e *usageError) Unwrap() error { return e.error }

// usage makes err a mistake in the command line. A nil error stays nil.
func usage(command *cobra.Command, err error) error {
	if err == nil {
		return nil
	}
	return &usageError{err, command.CommandPath()}
}

// newRoot returns the command with all its parts. It sets mode when the command line says how errors are told.
func newRoot(mode *progress.Mode) *cobra.Command {
	root := &cobra.Command{
		Use:   "mkimage",
		Short: "Build minimal container images for OpenWhisk actions",
		Long: `Build minimal container images for OpenWhisk actions.

An image is a static proxy on an empty or small base, plus the languages and the action that its definition
names. Digest references go to stdout, everything else to stderr. The exit status is 0, 1 when something
failed, or 2 when the command line was wrong.

A flag that is not given takes its value from the environment variable in parentheses, where there is one.`,
		Example:       "  mkimage build scratch\n  mkimage sizes",
		SilenceErrors: true,
		SilenceUsage:  true,
		RunE:          helpOrMistake,
		Args:          cobra.ArbitraryArgs,
		PersistentPreRunE: func(command *cobra.Command, _ []string) error {
			return usage(command, fromEnvironment(command.Flags()))
		},
	}
	root.SetFlagErrorFunc(func(command *cobra.Command, err error) error { return usage(command, explainFlag(command, err)) })
	root.AddCommand(newBuild(mode), newPush(mode), newLock(mode), newVendor(mode), newAction(mode), newInvoke(), newRun(), newWsk(), newInspect(), newSizes(), newList(), newVersion())
	root.Version = version()
	root.SetVersionTemplate(versionLine())
	root.SetHelpCommand(newHelp())
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, command := range root.Commands() {
		if command.HasSubCommands() { // which alone show their help
			command.Args, command.RunE = cobra.ArbitraryArgs, helpOrMistake
		}
	}
	for _, command := range root.Commands() {
		markEnvironment(command)
		checkArgs(command)
	}
	return root
}

// checkArgs makes wrong arguments a mistake in the command line.
func checkArgs(command *cobra.Command) {
	if args := command.Args; args != nil {
		command.Args = func(command *cobra.Command, given []string) error {
			if err := args(command, given); err != nil {
				return usage(command, explainArguments(command, args, given, err))
			}
			return nil
		}
	}
	for _, sub := range command.Commands() {
		checkArgs(sub)
	}
}

// variable is the environment variable of a flag, as an annotation of it.
const variable = "variable"

// markEnvironment says in the help of every flag of ours which variable sets it.
func markEnvironment(command *cobra.Command) {
	command.Flags().VisitAll(func(flag *pflag.Flag) {
		if _, own := flag.Annotations[variable]; own {
			flag.Usage += " ($" + flag.Annotations[variable][0] + ")"
		}
	})
	for _, sub := range command.Commands() {
		markEnvironment(sub)
	}
}

// withVariable lets a flag be set by $MKIMAGE_FLAG_NAME.
func withVariable(flags *pflag.FlagSet, names ...string) {
	for _, name := range names {
		flag := flags.Lookup(name)
		flag.Annotations = map[string][]string{variable: {"MKIMAGE_" + strings.ToUpper(strings.ReplaceAll(name, "-", "_"))}}
	}
}

// fromEnvironment sets the flags that the command line has not set. A flag that can be repeated takes a value from
// every line of its variable.
func fromEnvironment(flags *pflag.FlagSet) error {
	var mistake error
	flags.VisitAll(func(flag *pflag.Flag) {
		names := flag.Annotations[variable]
		if flag.Changed || mistake != nil || len(names) == 0 || os.Getenv(names[0]) == "" {
			return
		}
		values := []string{os.Getenv(names[0])}
		if flag.Value.Type() == "stringArray" {
			values = strings.Split(strings.TrimSpace(values[0]), "\n")
		}
		for _, value := range values {
			if err := flags.Set(flag.Name, strings.TrimSpace(value)); err != nil {
				mistake = fmt.Errorf("%s=%s: want %s, as for --%s", names[0], value, wantedValue(flag), flag.Name)
			}
		}
	})
	return mistake
}
