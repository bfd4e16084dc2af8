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
		directive := cobra.ShellCompDirectiveNoFileComp
		if slices.ContainsFunc(words, func(word string) bool { return strings.HasSuffix(word, "=") }) {
			directive |= cobra.ShellCompDirectiveNoSpace // the user types the rest
		}
		_ = command.RegisterFlagCompletionFunc(flag.Name, cobra.FixedCompletions(words, directive)) // it has none
	})
	for _, sub := range command.Commands() {
		completeValues(sub)
	}
}

// withoutPackage is put before the completion script of bash: two functions of the package bash-completion that it
// calls, for shells that do not have it.
const withoutPackage = `# Where the package bash-completion is missing, these take the place of its functions.
if ! declare -F _get_comp_words_by_ref >/dev/null; then
_get_comp_words_by_ref() {
    while [ $# -gt 0 ]; do
        case $1 in
        -n) shift ;;
        cur) cur=${COMP_WORDS[COMP_CWORD]} ;;
        prev) prev=${COMP_WORDS[COMP_CWORD-1]} ;;
        words) words=("${COMP_WORDS[@]}") ;;
        cword) cword=$COMP_CWORD ;;
        esac
        shift
    done
}
fi
if ! declare -F __ltrim_colon_completions >/dev/null; then
__ltrim_colon_completions() { :; }
fi

`

// completeBash lets the completion of bash work without the package bash-completion.
func completeBash(root *cobra.Command) {
	bash, _, err := root.Find([]string{"completion", "bash"})
	if err != nil || bash.RunE == nil {
		return
	}
	write := bash.RunE
	bash.RunE = func(command *cobra.Command, args []string) error {
		if _, err := command.OutOrStdout().Write([]byte(withoutPackage)); err != nil {
			return err
		}
		return write(command, args)
	}
}
