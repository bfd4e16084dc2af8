package terminal

import (
	"io"
	"os"
	"testing"
)

func TestEscape(t *testing.T) {
	for text, want := range map[string]string{
		"{\"a\":\"Zoë ☃ 👩‍💻\"}\n\tb":         "{\"a\":\"Zoë ☃ 👩‍💻\"}\n\tb",
		"\x1b]0;title\x07\x1b[31mred\x1b[0m": `\u001b]0;title\u0007\u001b[31mred\u001b[0m`,
		"over\rwritten\b\x7f":                `over\u000dwritten\u0008\u007f`,
		"\u009b31m and \x9b31m":              `\u009b31m and \x9b31m`,
		"exe.\u202etxt\u2069":                `exe.\u202etxt\u2069`,
		"cut \xe2\x98":                       `cut \xe2\x98`,
		"\ufffd":                             "\ufffd",
	} {
		if got := Escape([]byte(text)); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestGuardLeavesPipesAlone(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	const raw = "\x1b[31m\xff"
	_, err = io.WriteString(Guard(w), raw)
	_ = w.Close()
	if got, _ := io.ReadAll(r); string(got) != raw || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
}
