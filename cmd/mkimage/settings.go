package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/project"
)

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
			if err := flags.Set(flag.Name, strings.TrimSpace(value)); err == nil {
				flag.Annotations[origin] = []string{"$" + names[0]}
			} else {
				mistake = fmt.Errorf("%s=%s: want %s, as for --%s", names[0], value, wantedValue(flag), flag.Name)
			}
		}
	})
	return mistake
}

// origin is where the value of a flag is from that the command line has not set, as an annotation of it.
const origin = "origin"

// typed reports whether a flag was set on the command line.
func typed(flags *pflag.FlagSet, name string) bool {
	flag := flags.Lookup(name)
	return flag.Changed && flag.Annotations[origin] == nil
}

// fromProject sets the flags that neither the command line nor the environment has set, and that mkimage.yaml has.
func fromProject(command *cobra.Command) error {
	flags := command.Flags()
	wanted := func(value project.Value) *pflag.Flag {
		flag := flags.Lookup(value.Flag)
		if flag == nil || flag.Changed || len(flag.Annotations[variable]) == 0 {
			return nil
		}
		return flag
	}
	if flags.Lookup("images") == nil { // the command is for no project
		return nil
	}
	settings, err := project.Find(".")
	if err != nil && command.Name() == "doctor" { // which tells it beside the rest
		return nil
	}
	if err != nil {
		return err
	}
	for _, value := range settings.Values() {
		flag := wanted(value)
		if flag == nil {
			continue
		}
		for _, word := range value.Words {
			if err := flags.Set(flag.Name, word); err != nil {
				return usage(command, fmt.Errorf("%s: %s: %w", settings.File, flag.Name, err))
			}
		}
		flag.Annotations[origin] = []string{settings.File}
	}
	return nil
}
