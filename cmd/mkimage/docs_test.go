package main

import (
	"bytes"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/cobra/doc"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
)

// TestReference keeps docs/cli.md, which is made from the commands: go test ./cmd/mkimage -update
func TestReference(t *testing.T) {
	const path = "../../docs/cli.md"
	got := reference(t)
	if *update {
		if err := os.WriteFile(path, got, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not what the commands say (rewrite it with -update): %s", path, diff)
	}
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
