package dev

import (
	"os"
	"path/filepath"
	"testing"
)

// TestNames holds that logs and errors name the files that the user edits.
func TestNames(t *testing.T) {
	dir := t.TempDir()
	file, folder := filepath.Join(dir, "greet.rb"), filepath.Join(dir, "cut")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(folder, 0o755); err != nil {
		t.Fatal(err)
	}
	const prefix = "mkimage-dev-abc-"
	tests := []struct{ path, text, want string }{
		{file, "/action/main.rb:5: syntax error", file + ":5: syntax error"},
		{file, "/tmp/mkimage-dev-abc-1/action-23/action/main.rb:5: syntax error", file + ":5: syntax error"},
		{file, "from /tmp/mkimage-dev-abc-1/action-23/action/main.rb:2:in 'loop'", "from " + file + ":2:in 'loop'"},
		{file, "main.rb could not be loaded", file + " could not be loaded"},
		{file, "domain.rb, /srv/main.rb, /action/other.rb, main.rbx", "domain.rb, /srv/main.rb, /action/other.rb, main.rbx"},
		{file, "/action/exec: line 8: syntax error, /bin/exec", file + ": line 8: syntax error, /bin/exec"},
		{folder, `File "/action/lib/knife.py", line 3`, `File "` + folder + `/lib/knife.py", line 3`},
		{folder, "/tmp/mkimage-dev-abc-1/action-23/action/main.sh: line 2", folder + "/main.sh: line 2"},
		{folder, "/srv/action/main.sh", "/srv/action/main.sh"},
		{filepath.Join(dir, "nothere"), "/action/main.rb", "/action/main.rb"},
	}
	for _, test := range tests {
		if got := namesOf(test.path, prefix).in(test.text); got != test.want {
			t.Errorf("%s: %q is shown as %q, want %q", filepath.Base(test.path), test.text, got, test.want)
		}
	}
}

// TestReason holds that an error begins with the line of the file where the mistake is.
func TestReason(t *testing.T) {
	const start = "cannot start action: the action exited: exit status 1; last log lines: "
	tests := map[string]string{
		start + "def oops( | ^ | it failed: SyntaxError: a/greet.rb:5: unexpected end | def oops(": "it does not start: it failed: SyntaxError: a/greet.rb:5: unexpected end | def oops(",
		start + `Traceback: | File "a/greet.rb", line 3 | ^`:                                       `it does not start: File "a/greet.rb", line 3 | ^`,
		start + "a/greet.rb: line 2: syntax error | a/greet.rb could not be loaded":                "it does not start: a/greet.rb: line 2: syntax error | a/greet.rb could not be loaded",
		start + "no libfoo":   "it does not start: no libfoo",
		"run answered 502: x": "run answered 502: x",
	}
	for text, want := range tests {
		if got := reason(text, "a/greet.rb"); got != want {
			t.Errorf("%q is told as %q, want %q", text, got, want)
		}
	}
}
