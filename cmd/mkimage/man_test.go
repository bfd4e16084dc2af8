package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// TestManuals holds that each command has a man page with all that it takes, which fits on 80 columns, and that roff has nothing to
// say about it.
func TestManuals(t *testing.T) {
	dir := t.TempDir()
	mode := progress.Auto
	root := newRoot(&mode)
	if err := writeManuals(root, dir); err != nil {
		t.Fatal(err)
	}
	groff, err := exec.LookPath("groff")
	if err != nil {
		t.Log("without groff, pages are not rendered")
	}
	var check func(*cobra.Command)
	check = func(command *cobra.Command) {
		file := filepath.Join(dir, manualName(command)+".1")
		source, err := os.ReadFile(file)
		if err != nil {
			t.Error(err)
		}
		for _, row := range flagRows(command.LocalFlags()) {
			if !strings.Contains(string(source), "\n.B "+escape(strings.TrimSpace(row.flag))+"\n") {
				t.Errorf("%s lacks %s", file, row.flag)
			}
		}
		if groff != "" {
			var rendered, warnings bytes.Buffer
			render := exec.CommandContext(t.Context(), groff, "-man", "-Tascii", "-P-cbou", "-ww", "-rLL=80n", file)
			render.Stdout, render.Stderr = &rendered, &warnings
			if err := render.Run(); err != nil || warnings.Len() > 0 {
				t.Errorf("%s: %v %s", file, err, &warnings)
			}
			for line := range strings.Lines(rendered.String()) {
				if line = strings.TrimRight(line, "\n"); terminal.Columns(line) > 80 {
					t.Errorf("%s: too wide: %s", file, line)
				}
			}
		}
		for _, sub := range subcommands(command) {
			check(sub)
		}
	}
	check(root)
}
