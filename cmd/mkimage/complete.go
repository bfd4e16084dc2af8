package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/starter"
)

// values are the values that flags have, whichever command has them; those of other flags are with their commands.
func values() map[string][]string {
	var platforms []string
	for _, platform := range images.Platforms() {
		platforms = append(platforms, string(platform))
	}
	return map[string][]string{
		"platform": platforms,
		"progress": {"auto", "plain", "json", "none"},
		"attest":   {"auto", "always", "none"},
		"sbom":     {"spdx", "none"},
		"show":     {"sbom", "sizes", "provenance"},
		"lang":     starter.Languages(),
		"ci":       starter.Pipelines(),
		"format":   {"table", "json", "names", "matrix"},
		"output":   {"type=oci,dest=", "type=docker,dest=", "type=daemon", "type=registry,ref="},
	}
}

// completeValues offers the values of flags that offer none yet.
func completeValues(command *cobra.Command) {
	all := values()
	command.Flags().VisitAll(func(flag *pflag.Flag) {
		words, known := all[flag.Name]
		if _, set := command.GetFlagCompletionFunc(flag.Name); set || !known || flag.Name == "output" && flag.Value.Type() != "stringArray" {
			return
		}
		if name, _ := pflag.UnquoteUsage(flag); name == "LIST" {
			_ = command.RegisterFlagCompletionFunc(flag.Name, completeList(words)) // it has none
			return
		}
		directive := cobra.ShellCompDirectiveNoFileComp
		if slices.ContainsFunc(words, func(word string) bool { return strings.HasSuffix(word, "=") }) {
			directive = cobra.ShellCompDirectiveNoSpace // the user types the rest, which may be a file
		}
		_ = command.RegisterFlagCompletionFunc(flag.Name, cobra.FixedCompletions(words, directive)) // it has none
	})
	for _, sub := range command.Commands() {
		completeValues(sub)
	}
}

// completeList offers the words that a list with commas does not have yet.
func completeList(words []string) cobra.CompletionFunc {
	return func(_ *cobra.Command, _ []string, typed string) ([]string, cobra.ShellCompDirective) {
		begun := typed[:strings.LastIndex(typed, ",")+1]
		var lists []string
		for _, word := range words {
			if !slices.Contains(strings.Split(begun, ","), word) {
				lists = append(lists, begun+word)
			}
		}
		return lists, cobra.ShellCompDirectiveNoFileComp
	}
}
