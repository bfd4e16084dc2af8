package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
)

// mostArguments is more than any command needs.
const mostArguments = 4

// explainArguments returns an error that names the arguments a command takes, after its check has refused the given
// ones.
func explainArguments(command *cobra.Command, check cobra.PositionalArgs, given []string, err error) error {
	wanted := strings.TrimPrefix(command.Use, command.Name()+" ")
	for n := len(given) + 1; n <= mostArguments; n++ {
		if check(command, append(slices.Clone(given), make([]string, n-len(given))...)) == nil {
			return fmt.Errorf("%s wants %s%s", nameOf(command), wanted, example(command))
		}
	}
	for n := len(given) - 1; n >= 0; n-- {
		if check(command, given[:n]) != nil {
			continue
		}
		if n == 0 && wanted == command.Name() {
			return fmt.Errorf("%s takes no argument, and %q is one", nameOf(command), given[0])
		}
		if command.Flags().Lookup("param") != nil && strings.Contains(given[n], "=") {
			return fmt.Errorf("%s wants %s alone: a parameter is --param %s", nameOf(command), wanted, given[n])
		}
		return fmt.Errorf("%s wants %s alone, and %q is one too many", nameOf(command), wanted, given[n])
	}
	return err
}

// nameOf returns the words of a command after "mkimage".
func nameOf(command *cobra.Command) string {
	return strings.TrimPrefix(command.CommandPath(), command.Root().Name()+" ")
}

// example returns the first example of a command, for a message.
func example(command *cobra.Command) string {
	for line := range strings.Lines(command.Example) {
		if strings.Contains(line, command.CommandPath()+" ") {
			return ", such as: " + strings.TrimSpace(line)
		}
	}
	return ""
}

// explainFlag returns an error that names the mistake in a flag, and the flag or value that was probably meant.
func explainFlag(command *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	var missing *pflag.ValueRequiredError
	var invalid *pflag.InvalidValueError
	switch {
	case errors.As(err, &unknown):
		return unknownFlag(command, unknown)
	case errors.As(err, &missing):
		return fmt.Errorf("--%s wants %s", missing.GetFlag().Name, wantedValue(missing.GetFlag()))
	case errors.As(err, &invalid):
		return fmt.Errorf("--%s %s: want %s", invalid.GetFlag().Name, invalid.GetValue(), wantedValue(invalid.GetFlag()))
	}
	return err
}

func unknownFlag(command *cobra.Command, unknown *pflag.NotExistError) error {
	given, letters := "--"+unknown.GetSpecifiedName(), unknown.GetSpecifiedShortnames()
	if letters != "" {
		given = "-" + unknown.GetSpecifiedName()
	}
	var names []string
	var word string // the flag that was written with one dash
	command.Flags().VisitAll(func(flag *pflag.Flag) {
		if !flag.Hidden {
			names = append(names, flag.Name)
		}
		if len(letters) > 2 && strings.HasSuffix(flag.Name, letters) {
			word = flag.Name
		}
	})
	if word != "" {
		return fmt.Errorf("no flag %s (did you mean --%s, with two dashes?)", given, word)
	}
	if near := suggest.Word(strings.TrimLeft(given, "-"), names); near != "" && strings.HasPrefix(given, "--") {
		return fmt.Errorf("no flag %s (did you mean --%s?)", given, near)
	}
	if name := otherLetters[letters]; name != "" && slices.Contains(names, name) {
		return fmt.Errorf("no flag %s (did you mean --%s?)", given, name)
	}
	for _, other := range command.Root().Commands() {
		if flag := other.Flags().Lookup(unknown.GetSpecifiedName()); flag != nil && !flag.Hidden && other != command {
			return fmt.Errorf("no flag %s here; %s has it", given, other.CommandPath())
		}
	}
	return fmt.Errorf("no flag %s", given)
}

// numbers are examples of numbers that are not small.
var numbers = map[string]string{"port": "8080", "memory": "256", "timeout": "60000"}

// otherLetters are the flags that other tools have for a letter, where a command has the flag.
var otherLetters = map[string]string{"t": "tag", "p": "port", "f": "file"}

// wantedValue returns the values that a flag takes, by the name that they have in its help.
func wantedValue(flag *pflag.Flag) string {
	name, usage := pflag.UnquoteUsage(flag)
	switch flag.Value.Type() {
	case "bool":
		return "true or false, or no value"
	case "int":
		return "a whole number " + name + ", such as " + cmp.Or(numbers[flag.Name], "4")
	case "duration":
		return "a time, such as 30s or 2m"
	}
	return name + ": " + usage
}

// meant are the words that people type for a command because of its meaning elsewhere.
var meant = map[string][]string{
	"wsk":     {"deploy", "create", "update", "action-create"},
	"list":    {"ls", "images", "ps", "definitions"},
	"cache":   {"clean", "prune", "gc", "purge"},
	"run":     {"logs", "start", "serve", "up", "log"},
	"invoke":  {"test", "call", "curl", "exec", "post"},
	"init":    {"new", "scaffold", "start-project", "generate"},
	"dev":     {"watch", "develop", "live", "reload"},
	"doctor":  {"info", "env", "diagnose", "status", "config"},
	"check":   {"validate", "lint", "verify-definitions", "vet"},
	"inspect": {"history", "show", "dive", "layers"},
	"build":   {"make", "compile", "image"},
	"push":    {"publish", "upload", "deliver"},
	"lock":    {"pin", "freeze", "packages"},
	"vendor":  {"mirror", "download"},
	"sizes":   {"size", "budget", "weigh"},
}

// unknownCommand says that a command has no such part, and which one was probably meant, by letters or by meaning.
func unknownCommand(command *cobra.Command, word string) error {
	var names []string
	for _, sub := range command.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	if command.Name() == "cache" && slices.Contains(append(meant["cache"], "clear", "rm"), word) {
		return usage(command, fmt.Errorf("no command %q (did you mean \"prune\"?)", word))
	}
	if !command.HasParent() && slices.Contains(images.ShippedNames(), word) {
		return usage(command, fmt.Errorf("%s is an image, and no command: mkimage build %s", word, word))
	}
	if !command.HasParent() {
		for _, name := range names {
			if slices.Contains(meant[name], word) {
				return usage(command, fmt.Errorf("no command %q (did you mean %q?)", word, name))
			}
		}
	}
	_, err := suggest.OneOf(word, names...)
	return usage(command, fmt.Errorf("command %w", err))
}

// helpOrMistake runs a command that only has subcommands.
func helpOrMistake(command *cobra.Command, args []string) error {
	if len(args) == 0 {
		return command.Help()
	}
	return unknownCommand(command, args[0])
}

// newHelp returns the command help, for which a word that is no command is a mistake.
func newHelp() *cobra.Command {
	return &cobra.Command{
		Use:   "help [COMMAND]...",
		Short: "Show what a command does",
		Long:  "Show the help of a command, as COMMAND --help does.",
		RunE: func(command *cobra.Command, args []string) error {
			at := command.Root()
			for _, word := range args {
				i := slices.IndexFunc(at.Commands(), func(sub *cobra.Command) bool { return sub.Name() == word || sub.HasAlias(word) })
				if i < 0 {
					return unknownCommand(at, word)
				}
				at = at.Commands()[i]
			}
			at.InitDefaultHelpFlag()
			return at.Help()
		},
		ValidArgsFunction: func(command *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
			at, _, err := command.Root().Find(args)
			if err != nil {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			var names []string
			for _, sub := range at.Commands() {
				if sub.IsAvailableCommand() {
					names = append(names, sub.Name()+"\t"+sub.Short)
				}
			}
			return names, cobra.ShellCompDirectiveNoFileComp
		},
	}
}
