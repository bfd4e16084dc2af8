package main

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

// beforeBash is put before the completion script of bash: the functions of the package bash-completion that it calls, for shells
// that do not have it.
const beforeBash = `# Where the package bash-completion is missing, these take the place of its functions.
if ! declare -F _get_comp_words_by_ref >/dev/null; then
# It sets words, cword, cur and prev. Bash breaks words at "=" and ":", and here they are whole.
_get_comp_words_by_ref() {
    local left=${COMP_LINE:0:COMP_POINT} i word blank
    words=()
    for ((i = 0; i <= COMP_CWORD; i++)); do
        blank=${left%%[![:blank:]]*}
        left=${left#"$blank"}
        word=${COMP_WORDS[i]}
        [ "$i" -lt "$COMP_CWORD" ] || word=$left
        left=${left#"$word"}
        if [ "$i" -gt 0 ] && [ -z "$blank" ]; then
            words[${#words[@]}-1]+=$word
        else
            words[${#words[@]}]=$word
        fi
    done
    cword=$((${#words[@]} - 1))
    cur=${words[cword]} prev=${words[cword > 0 ? cword - 1 : 0]}
}
fi
if ! declare -F __ltrim_colon_completions >/dev/null; then
__ltrim_colon_completions() { :; }
fi

`

// afterBash is put behind it. Bash replaces what stands behind the last "=" of a word alone, and cobra takes that into account in
// words such as --flag=VALUE, but not in values such as type=oci.
const afterBash = `
__mkimage_complete()
{
    __start_mkimage "$@"
    local word=${COMP_LINE:0:COMP_POINT}
    word=${word##*[[:blank:]]}
    if [[ $word == -*=* ]]; then
        word=${word#*=}
    fi
    COMPREPLY=("${COMPREPLY[@]//\\,/,}") # quoted without need
    if [[ $word == *=* && $COMP_WORDBREAKS == *=* ]]; then
        COMPREPLY=("${COMPREPLY[@]#"${word%=*}="}")
    fi
    if [[ -z ${COMPREPLY[*]} ]]; then
        COMPREPLY=() # nothing to add: files are offered where they may be
    fi
}

if [[ $(type -t compopt) = "builtin" ]]; then
    complete -o default -F __mkimage_complete mkimage
else
    complete -o default -o nospace -F __mkimage_complete mkimage
fi
`

// inZsh registers the completion of zsh, and startZsh does so too where nothing has started completion.
const (
	inZsh    = "\ncompdef _mkimage mkimage\n"
	startZsh = "\n(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i -D }" + inZsh
)

// shells are the shells with completion: the line that starts it, and its place.
var shells = map[string]struct{ line, place string }{
	"bash":       {"source <(mkimage completion bash)", "~/.bashrc; the package bash-completion is not needed"},
	"zsh":        {"source <(mkimage completion zsh)", "~/.zshrc"},
	"fish":       {"mkimage completion fish | source", "~/.config/fish/config.fish"},
	"powershell": {"mkimage completion powershell | Out-String | Invoke-Expression", "the file that $PROFILE names"},
}

// completeEverywhere lets the completions of bash and zsh work in shells that have not set completion up, and says for each shell
// how it is started.
func completeEverywhere(root *cobra.Command) {
	completion, _, err := root.Find([]string{"completion"})
	if err != nil {
		return
	}
	completion.Short = "Write the completion of names, flags and values for a shell"
	completion.Long = completion.Short + "."
	for _, command := range completion.Commands() {
		shell := shells[command.Name()]
		command.Short = "Write the completion for " + command.Name()
		command.Long = "Write a script that completes names of images, flags and their values. This line starts it for every new shell, in\n" + shell.place + "."
		command.Example = "  " + shell.line
		switch command.Name() {
		case "bash":
			command.RunE = func(command *cobra.Command, _ []string) error { return writeBash(command) }
		case "zsh":
			command.RunE = func(command *cobra.Command, _ []string) error { return writeZsh(command) }
		}
	}
}

func writeBash(command *cobra.Command) error {
	var script bytes.Buffer
	if err := command.Root().GenBashCompletionV2(&script, describes(command)); err != nil {
		return err
	}
	_, err := fmt.Fprint(command.OutOrStdout(), beforeBash, &script, afterBash)
	return err
}

func writeZsh(command *cobra.Command) error {
	write := command.Root().GenZshCompletion
	if !describes(command) {
		write = command.Root().GenZshCompletionNoDesc
	}
	var script bytes.Buffer
	if err := write(&script); err != nil {
		return err
	}
	_, err := fmt.Fprint(command.OutOrStdout(), strings.Replace(script.String(), inZsh, startZsh, 1))
	return err
}

// describes reports whether a completion shows what words are for.
func describes(command *cobra.Command) bool {
	without, _ := command.Flags().GetBool("no-descriptions") // the flag is there
	return !without
}
