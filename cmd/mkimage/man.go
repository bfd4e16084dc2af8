package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/page"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// newMan returns a hidden command for packagers: it writes a man page for each command.
func newMan() *cobra.Command {
	return &cobra.Command{
		Use:    "man DIR",
		Short:  "Write man pages into a folder",
		Hidden: true,
		Args:   cobra.ExactArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o777); err != nil {
				return err
			}
			return writeManuals(command.Root(), args[0])
		},
	}
}

// writeManuals writes the man page of a command, and those of its parts.
func writeManuals(command *cobra.Command, dir string) error {
	command.InitDefaultHelpFlag()
	file := filepath.Join(dir, manualName(command)+".1")
	if err := os.WriteFile(file, []byte(manual(command)), 0o666); err != nil {
		return err
	}
	for _, sub := range subcommands(command) {
		if err := writeManuals(sub, dir); err != nil {
			return err
		}
	}
	return nil
}

func manualName(command *cobra.Command) string {
	return strings.ReplaceAll(command.CommandPath(), " ", "-")
}

const (
	manualSource = 76 // columns of text in the source of a page
	manualText   = 80 - 7 - 2
)

// manual returns the man page of a command, in the macros of man(7). It has no date of its own, so that every build makes the same.
func manual(command *cobra.Command) string {
	var text strings.Builder
	fmt.Fprintf(&text, ".TH %s 1 1970-01-01 mkimage \"Manual of mkimage\"\n.nh\n.ad l\n", strings.ToUpper(escape(manualName(command))))
	fmt.Fprintf(&text, ".SH NAME\n%s \\- %s\n", escape(manualName(command)), escape(command.Short))
	fmt.Fprintf(&text, ".SH SYNOPSIS\n.B %s\n%s", escape(command.CommandPath()), filled(strings.TrimPrefix(usageOf(command), command.CommandPath())))
	text.WriteString(".SH DESCRIPTION\n" + described(command.Long))
	if subs := subcommands(command); len(subs) > 0 {
		text.WriteString(".SH COMMANDS\n")
		for _, sub := range subs {
			fmt.Fprintf(&text, ".TP 13\n.B %s\n%s", escape(sub.Name()), filled(sub.Short))
		}
	}
	text.WriteString(".SH OPTIONS\n")
	for _, group := range groupsOf(command.LocalFlags()) {
		if group.title != "Flags" {
			fmt.Fprintf(&text, ".SS %s\n", escape(group.title))
		}
		for _, row := range flagRows(group.flags) {
			fmt.Fprintf(&text, ".TP\n.B %s\n%s", escape(strings.TrimSpace(row.flag)), filled(row.text))
		}
	}
	if command.Example != "" {
		fmt.Fprintf(&text, ".SH EXAMPLES\n.EX\n%s\n.EE\n", escape(examples(command.Example, manualText)))
	}
	text.WriteString(".SH SEE ALSO\n" + seeAlso(command))
	fmt.Fprintf(&text, ".PP\n%s\n", escape(page.Index))
	return text.String()
}

func subcommands(command *cobra.Command) (subs []*cobra.Command) {
	for _, sub := range command.Commands() {
		if sub.IsAvailableCommand() {
			subs = append(subs, sub)
		}
	}
	return subs
}

func seeAlso(command *cobra.Command) string {
	var others []string
	if command.HasParent() {
		others = append(others, manualName(command.Parent()))
	}
	for _, sub := range subcommands(command) {
		others = append(others, manualName(sub))
	}
	var text strings.Builder
	for i, other := range others {
		comma := ","
		if i == len(others)-1 {
			comma = ""
		}
		fmt.Fprintf(&text, ".BR \\%%%s (1)%s\n", escape(other), comma)
	}
	return text.String()
}

// described returns the long text of a command: paragraphs, and rows of two columns as tagged paragraphs.
func described(text string) string {
	var out strings.Builder
	for i, paragraph := range strings.Split(text, "\n\n") {
		if i > 0 {
			out.WriteString(".PP\n")
		}
		var plain []string
		rows := false
		for line := range strings.SplitSeq(paragraph, "\n") {
			if !strings.HasPrefix(line, "  ") {
				plain = append(plain, line)
				continue
			}
			out.WriteString(filled(strings.Join(plain, " ")))
			plain, rows = nil, true
			tag, meaning, _ := strings.Cut(strings.TrimSpace(line), "  ")
			fmt.Fprintf(&out, ".TP\n.B %s\n%s", escape(tag), filled(strings.TrimSpace(meaning)))
		}
		if rows && len(plain) > 0 {
			out.WriteString(".PP\n")
		}
		out.WriteString(filled(strings.Join(plain, " ")))
	}
	return out.String()
}

// filled returns text as lines that are filled, or nothing.
func filled(text string) string {
	if text = strings.TrimSpace(text); text == "" {
		return ""
	}
	return escape(terminal.Wrap(text, manualSource)) + "\n"
}

var address = regexp.MustCompile(`https?://\S+`)

// escape returns text that roff shows as it is. Addresses may be broken at a slash.
func escape(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`, "~", `\(ti`, "^", `\(ha`, "`", `\(ga`, "'", `\(aq`, `"`, `\(dq`).Replace(text)
	text = address.ReplaceAllStringFunc(text, func(whole string) string { return strings.ReplaceAll(whole, "/", `/\:`) })
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n")
}
