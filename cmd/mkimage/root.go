package main

import (
	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/release"
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
		Long: `An image is one small static program, the proxy, on an empty or a small base, plus the languages and the action that
its definition names.

Results, such as digests, go to stdout; everything else goes to stderr. The exit status is 0, or 1 after a failure, or
2 for a wrong command line.

A flag that is not given takes its value from the environment variable in parentheses, if it has one, or from
mkimage.yaml at the root of the project.`,
		Example:           "  mkimage init --lang bash            a function, and the image that brings it\n  mkimage dev                         run it, again whenever it changes\n  mkimage build --push --repo REPO    build the image, and push it",
		SilenceErrors:     true,
		SilenceUsage:      true,
		RunE:              helpOrMistake,
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
		PersistentPreRunE: func(command *cobra.Command, _ []string) error {
			if err := fromEnvironment(command.Flags()); err != nil {
				return usage(command, err)
			}
			return fromProject(command)
		},
	}
	root.SetFlagErrorFunc(func(command *cobra.Command, err error) error { return usage(command, explainFlag(command, err)) })
	root.AddCommand(newInit(), newCheck(), newDoctor(), newCache(), newBuild(mode), newPush(mode), newLock(mode), newVendor(mode), newAction(mode), newInvoke(), newRun(), newDev(mode), newWsk(), newInspect(), newDiff(), newVerify(mode), newSizes(), newList(), newVersion(), newMan())
	root.Version = release.Number()
	root.SetVersionTemplate(versionLine())
	root.SetHelpCommand(newHelp())
	root.InitDefaultHelpCmd()
	root.InitDefaultCompletionCmd()
	for _, command := range root.Commands() {
		if command.HasSubCommands() && command.RunE == nil { // which alone show their help
			command.Args, command.RunE = cobra.ArbitraryArgs, helpOrMistake
		}
	}
	root.SetUsageFunc(showUsage)
	root.SetHelpFunc(showHelp)
	completeValues(root)
	completeEverywhere(root)
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
