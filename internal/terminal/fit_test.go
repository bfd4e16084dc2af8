package terminal

import (
	"bytes"
	"io"
	"os"
	"strings"
	"testing"
)

func TestFit(t *testing.T) {
	table := "NAME   PLATFORMS\nbash   linux/amd64,linux/arm64   Bash actions, with jq and Ünicode\n"
	for width, want := range map[int]string{
		24:  "NAME   PLATFORMS\nbash\n    linux/amd64,linux/arm64\n    Bash actions, with\n    jq and Ünicode\n",
		40:  "NAME   PLATFORMS\nbash   linux/amd64,linux/arm64\n    Bash actions, with jq and Ünicode\n",
		60:  "NAME   PLATFORMS\nbash   linux/amd64,linux/arm64   Bash actions, with jq and\n                                 Ünicode\n",
		120: table,
	} {
		var got bytes.Buffer
		writer := &fit{w: &got, width: width}
		for part := range strings.SplitAfterSeq(table, "a") {
			if _, err := io.WriteString(writer, part); err != nil {
				t.Fatal(err)
			}
		}
		if got.String() != want {
			t.Errorf("%d columns: got %q, want %q", width, got.String(), want)
		}
	}
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if Fit(file, file) != io.Writer(file) {
		t.Error("a file is taken for a terminal")
	}
}
