package main

import (
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/page"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// heading is a heading of a help text, and the commands or flags below it.
type heading struct {
	title string
	names []string
}

// commandGroups are the headings of the commands. A command that none has is below the last.
var commandGroups = []heading{
	{"Make", []string{"init", "build", "check", "lock", "vendor", "action"}},
	{"Run", []string{"dev", "run", "invoke"}},
	{"Deliver", []string{"push", "wsk"}},
	{"Look", []string{"list", "sizes", "inspect", "diff", "verify", "doctor", "cache", "version"}},
	{"Other", nil},
}

// flagGroups are the headings of the flags of commands that have many. A flag that none has is below the last.
var flagGroups = []heading{
	{"Which images", []string{"images", "stemcells", "platform", "since", "shared", "dry-run"}},
	{"The action", []string{"action", "allow-secret-file", "go-tags", "go-ldflags", "proxy"}},
	{"Alpine packages", []string{"alpine-mirror", "alpine-release", "alpine-key", "locked"}},
	{"Where it goes", []string{"output", "push", "repo", "tag", "no-overwrite", "sbom", "attest", "metadata-file", "size-record"}},
	{"The registry", []string{"registry-user", "registry-password-stdin", "registry-ca", "registry-retries", "registry-timeout", "insecure"}},
	{"The builder", []string{"engine", "builder", "builder-tls-ca", "builder-tls-cert", "builder-tls-key", "cache-to", "cache-from"}},
	{"The rest", nil},
}

// manyFlags is how many flags a command has that shows them below headings.
const manyFlags = 16

// showHelp writes the purpose of a command, its usage with examples, and then the details.
func showHelp(command *cobra.Command, _ []string) {
	_ = writeHelp(command, command.Short+"\n\n", command.Long) // cobra asks for no error
}

func showUsage(command *cobra.Command) error { return writeHelp(command, "", "") }

// writeHelp writes the usage of a command, at the width of the terminal, between a title and details.
func writeHelp(command *cobra.Command, title, details string) error {
	var text strings.Builder
	width := terminal.Width(os.Stdout)
	text.WriteString(terminal.Wrap(title, width))
	fmt.Fprintf(&text, "Usage:\n  %s\n", usageOf(command))
	if command.Example != "" {
		title := "Examples"
		if !command.HasParent() {
			title = "First steps"
		}
		fmt.Fprintf(&text, "\n%s:\n%s\n", title, examples(command.Example, width))
	}
	if details != "" {
		fmt.Fprintf(&text, "\n%s\n", terminal.Wrap(details, width))
	}
	writeCommands(&text, command, width)
	writeFlags(&text, command.LocalFlags(), width)
	if !command.HasParent() {
		fmt.Fprintf(&text, "\nMore:\n  mkimage help COMMAND\n  %s\n", page.Index)
	}
	_, err := io.WriteString(command.OutOrStdout(), text.String())
	return err
}

// usageOf returns the line that shows how a command is typed.
func usageOf(command *cobra.Command) string {
	if command.HasParent() || !command.HasAvailableSubCommands() {
		return command.UseLine()
	}
	return command.CommandPath() + " COMMAND"
}

// examples returns command lines at a width. They stay such: a line that is broken ends in a backslash.
func examples(text string, width int) string {
	if width == 0 {
		return text
	}
	const indent = 4
	var lines []string
	for line := range strings.SplitSeq(text, "\n") {
		if typed := strings.TrimSpace(line); terminal.Columns(line) > width && !strings.Contains(typed, "  ") {
			line = "  " + strings.ReplaceAll(terminal.Hang(typed, indent, width-len(" \\")), "\n", " \\\n")
		}
		lines = append(lines, terminal.Wrap(line, width))
	}
	return strings.Join(lines, "\n")
}

func writeCommands(text *strings.Builder, command *cobra.Command, width int) {
	listed := map[string][]*cobra.Command{}
	for _, sub := range command.Commands() {
		if sub.IsAvailableCommand() {
			title := groupOf(commandGroups, sub.Name())
			if command.HasParent() {
				title = "Commands"
			}
			listed[title] = append(listed[title], sub)
		}
	}
	for _, group := range append(slices.Clone(commandGroups), heading{"Commands", nil}) {
		subs := listed[group.title]
		if len(subs) == 0 {
			continue
		}
		slices.SortStableFunc(subs, func(a, b *cobra.Command) int {
			return slices.Index(group.names, a.Name()) - slices.Index(group.names, b.Name())
		})
		fmt.Fprintf(text, "\n%s:\n", group.title)
		for _, sub := range subs {
			fmt.Fprintf(text, "  %-11s %s\n", sub.Name(), terminal.Hang(sub.Short, 14, width))
		}
	}
}

func writeFlags(text *strings.Builder, flags *pflag.FlagSet, width int) {
	if !flags.HasAvailableFlags() {
		return
	}
	for _, group := range groupsOf(flags) {
		fmt.Fprintf(text, "\n%s:\n%s", group.title, usagesOf(group.flags, width))
	}
}

// flagSet is flags below a heading.
type flagSet struct {
	title string
	flags *pflag.FlagSet
}

// groupsOf returns the flags of a command below the headings of help.
func groupsOf(flags *pflag.FlagSet) (groups []flagSet) {
	n := 0
	sets := map[string]*pflag.FlagSet{}
	flags.VisitAll(func(flag *pflag.Flag) {
		if flag.Hidden {
			return
		}
		n++
		title := groupOf(flagGroups, flag.Name)
		if sets[title] == nil {
			sets[title] = pflag.NewFlagSet("", pflag.ContinueOnError)
		}
		sets[title].AddFlag(flag)
	})
	if n < manyFlags {
		return []flagSet{{"Flags", flags}}
	}
	for _, group := range flagGroups {
		if set := sets[group.title]; set != nil {
			groups = append(groups, flagSet{group.title, set})
		}
	}
	return groups
}

// The text of a flag stands beside it, or, where less than its narrowest column is left for that, below it.
const (
	narrowestText = 40
	belowFlag     = 10
)

// usagesOf returns the flags with their texts, at a width, or as long as they are with 0.
func usagesOf(flags *pflag.FlagSet, width int) string {
	if width == 0 {
		return flags.FlagUsages()
	}
	var text strings.Builder
	for _, row := range flagRows(flags) {
		at := len(row.flag)
		if width-at < narrowestText {
			indent := strings.Repeat(" ", belowFlag)
			fmt.Fprintf(&text, "%s\n%s%s\n", strings.TrimRight(row.flag, " "), indent, terminal.Hang(row.text, belowFlag, width))
			continue
		}
		fmt.Fprintf(&text, "%s%s\n", row.flag, terminal.Hang(row.text, at, width))
	}
	return text.String()
}

// flagRow is a flag with its value as help shows it, "  -o, --output DEST   ", and what it does.
type flagRow struct{ flag, text string }

func flagRows(flags *pflag.FlagSet) (rows []flagRow) {
	lines := strings.Split(flags.FlagUsages(), "\n")
	flags.VisitAll(func(flag *pflag.Flag) {
		if flag.Hidden {
			return
		}
		_, usage := pflag.UnquoteUsage(flag)
		line := lines[0]
		lines = lines[1:]
		at := strings.Index(line, usage)
		if at < 0 || usage == "" {
			at = len(line)
		}
		rows = append(rows, flagRow{line[:at], line[at:]})
	})
	return rows
}

// groupOf returns the title of the group that has a name, or of the last.
func groupOf(groups []heading, name string) string {
	for _, group := range groups {
		if slices.Contains(group.names, name) {
			return group.title
		}
	}
	return groups[len(groups)-1].title
}
