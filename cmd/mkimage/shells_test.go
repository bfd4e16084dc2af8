package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// typers are scripts that print what each shell offers for what was typed, a word a line. $TYPED is what was typed.
var typers = map[string]string{
	"bash": `source <(mkimage completion bash)
compopt() { :; }
COMP_LINE=$TYPED COMP_POINT=${#TYPED} line=${TYPED//=/ = }
read -ra COMP_WORDS <<<"$line"
[[ $line != *' ' ]] || COMP_WORDS+=('')
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
$(complete -p mkimage | sed 's/.*-F \([^ ]*\).*/\1/') mkimage "${COMP_WORDS[COMP_CWORD]}" ''
printf '%s\n' "${COMPREPLY[@]}"`,
	"zsh": `source <(mkimage completion zsh)
_describe() { print -l "${completions[@]}" }
_arguments() { }
words=("${(@s: :)TYPED}") CURRENT=$#words
_mkimage`,
	"fish": `mkimage completion fish | source
complete --do-complete $TYPED`,
}

// TestCompletion holds what shells offer, without any set-up of theirs.
func TestCompletion(t *testing.T) {
	program := testkit.Compile(t, ".")
	dir := t.TempDir()
	if err := errors.Join(os.Mkdir(filepath.Join(dir, "images"), 0o777),
		os.WriteFile(filepath.Join(dir, "images", "greet.yaml"), []byte("name: greet\nbase: scratch\n"), 0o666)); err != nil {
		t.Fatal(err)
	}
	for shell, typer := range typers {
		t.Run(shell, func(t *testing.T) {
			path, err := exec.LookPath(shell)
			if err != nil {
				t.Skip("no ", shell, " here")
			}
			for typed, want := range map[string]string{
				"mkimage in":                                   "init inspect invoke",
				"mkimage frobnicate ":                          "",
				"mkimage build gr":                             "greet",
				"mkimage build --platform linux/a":             "linux/amd64 linux/arm64 linux/arm/v7",
				"mkimage build --platform linux/arm64,linux/a": "linux/arm64,linux/amd64 linux/arm64,linux/arm/v7",
				"mkimage build --progress ":                    "auto plain json none",
				"mkimage build --attest a":                     "auto always",
				"mkimage build --sbom s":                       "spdx",
				"mkimage list --format ":                       "table json names matrix",
				"mkimage sizes --format s":                     "svg",
				"mkimage inspect --show ":                      "sbom sizes provenance",
				"mkimage init --lang ":                         "bash ruby python go any",
				"mkimage init --lang=p":                        "python",
				"mkimage build -o type=o":                      "type=oci,dest=",
			} {
				command := exec.CommandContext(t.Context(), path, "-c", typer)
				command.Dir = dir
				command.Env = append(os.Environ(), "HOME="+dir, "TYPED="+typed, "PATH="+filepath.Dir(program)+string(filepath.ListSeparator)+os.Getenv("PATH"))
				var failures strings.Builder
				command.Stderr = &failures
				out, _ := command.Output() // shells end with any status when there is nothing to offer
				if failures.Len() > 0 {
					t.Errorf("%s: %s", typed, &failures)
				}
				if got := offered(string(out), typed); !slices.Equal(got, slices.Sorted(slices.Values(strings.Fields(want)))) {
					t.Errorf("%s offers %q, want %q", typed, got, want)
				}
			}
		})
	}
}

// offered returns the words of a shell's answer that go on with what was typed, in order. Some shells leave out what stands before an "=",
// and some add what the words are for.
func offered(answer, typed string) (words []string) {
	last := typed[strings.LastIndex(typed, " ")+1:]
	if strings.HasPrefix(last, "--") {
		_, last, _ = strings.Cut(last, "=")
	}
	for line := range strings.Lines(answer) {
		word, _, _ := strings.Cut(strings.TrimSpace(line), "\t")
		word, _, _ = strings.Cut(word, ":")
		word, _, _ = strings.Cut(word, " ")
		if flag, value, found := strings.Cut(word, "="); found && strings.HasPrefix(flag, "--") {
			word = value
		}
		if before, _, found := strings.Cut(last, "="); found && !strings.HasPrefix(word, before) {
			word = before + "=" + word
		}
		if word != "" && strings.HasPrefix(word, last) {
			words = append(words, word)
		}
	}
	slices.Sort(words)
	return words
}
