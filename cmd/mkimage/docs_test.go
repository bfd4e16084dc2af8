package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// TestReference keeps docs/cli.md, which is made from the commands: go test ./cmd/mkimage -update
func TestReference(t *testing.T) {
	testkit.Golden(t, "../../docs/cli.md", reference(t), *update)
}

func reference(t *testing.T) []byte {
	var page bytes.Buffer
	page.WriteString("# The mkimage commands\n\nThis page is made from the commands: `go test ./cmd/mkimage -update`.\n\n")
	mode := progress.Auto
	var add func(*cobra.Command)
	add = func(command *cobra.Command) {
		command.DisableAutoGenTag = true
		link := func(name string) string {
			return "#" + strings.ReplaceAll(strings.TrimSuffix(name, ".md"), "_", "-")
		}
		if err := doc.GenMarkdownCustom(command, &page, link); err != nil {
			t.Fatal(err)
		}
		for _, sub := range command.Commands() {
			if sub.IsAvailableCommand() {
				add(sub)
			}
		}
	}
	add(newRoot(&mode))
	return page.Bytes()
}
