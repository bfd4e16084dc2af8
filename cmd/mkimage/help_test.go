package main

import (
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/terminal"
)

// TestFlagsFit holds that the flags of every command fit on narrow and wide terminals, and lose no word there. Only a
// word that is wider than the terminal stands out.
func TestFlagsFit(t *testing.T) {
	mode := progress.Auto
	for _, command := range newRoot(&mode).Commands() {
		flags := command.LocalFlags()
		want := strings.Join(strings.Fields(flags.FlagUsages()), " ")
		for _, width := range []int{40, 80, 120} {
			text := usagesOf(flags, width)
			if got := strings.Join(strings.Fields(text), " "); got != want {
				t.Errorf("%s at %d columns has other words: %s", command.Name(), width, text)
			}
			for line := range strings.Lines(text) {
				line = strings.TrimRight(line, "\n")
				if terminal.Columns(line) > width && strings.Contains(strings.TrimSpace(line), " ") {
					t.Errorf("%s at %d columns: too wide: %s", command.Name(), width, line)
				}
			}
		}
	}
}
