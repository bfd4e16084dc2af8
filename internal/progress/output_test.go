package progress

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestReadable(t *testing.T) {
	for _, test := range []struct{ name, line, want string }{
		{"text", "compile a.c", "compile a.c"},
		{"colours", "\x1b[1;31merror:\x1b[0m no", "error: no"},
		{"the screen is cleared", "a\x1b[2J\x1b[Hb", "ab"},
		{"a title", "\x1b]0;mine\x07text", "text"},
		{"a sequence without an end", "text\x1b[3", "text"},
		{"a counter", "10%\r20%\r30%", "30%"},
		{"a line end of Windows", "text\r", "text"},
		{"a bell and a tab", "a\a\tb", "a    b"},
		{"C1 controls", "a\u009bb", "ab"},
		{"no text", "a\xffb", "a\uFFFDb"},
		{"blanks", "   ", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := readable([]byte(test.line)); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func FuzzOutput(f *testing.F) {
	f.Add([]byte("a\nb\x1b[31m\rc"), 3)
	f.Add(bytes.Repeat([]byte("long"), 2000), 1000)
	f.Fuzz(func(t *testing.T, written []byte, size int) {
		var o output
		for len(written) > 0 {
			n := min(len(written), max(1, size))
			o.add(written[:n])
			written = written[n:]
			for _, line := range o.tail(keptLines) {
				if line == "" || strings.ContainsAny(line, "\n\r\x1b") {
					t.Errorf("%q is not a line for all terminals", line)
				}
			}
		}
		if len(o.last) > keptLines || len(o.begun) > longestLine {
			t.Errorf("%d lines and %d bytes are kept", len(o.last), len(o.begun))
		}
	})
}

// writing is two steps, one of which fails.
func writing(d *Display) {
	make := d.Start("a: make")
	test := d.Start("b: test")
	fmt.Fprint(make, "cc a.c\ncc b")
	fmt.Fprint(test, "ok\n")
	fmt.Fprint(make, ".c\n\n")
	fmt.Fprint(test, "not ok")
	_ = make.End("", nil)
	_ = test.End("", errors.New("exit code: 1"))
	d.Start("c: wait").Cancel()
	_ = d.Start("d: wait").End("", fmt.Errorf("wait: %w", context.Canceled))
}

func TestOutput(t *testing.T) {
	for _, test := range []struct {
		name  string
		mode  Mode
		count bool
		want  string
	}{
		{"plain", Plain, false, `a: make | cc a.c
b: test | ok
a: make | cc b.c
done: a: make (0ms)
b: test | not ok
failed: b: test (0ms)
`},
		{"plain, counted", Plain, true, `b: test | ok
b: test | not ok
failed: b: test (0ms)
`},
		{"none", None, false, `b: test | ok
b: test | not ok
`},
		{"json", JSON, true, `{"event":"start","step":"a: make"}
{"event":"start","step":"b: test"}
{"event":"output","step":"a: make","text":"cc a.c"}
{"event":"output","step":"b: test","text":"ok"}
{"event":"output","step":"a: make","text":"cc b.c"}
{"event":"done","step":"a: make","seconds":0}
{"event":"output","step":"b: test","text":"not ok"}
{"event":"failed","step":"b: test","seconds":0,"error":"exit code: 1"}
{"event":"start","step":"c: wait"}
{"event":"canceled","step":"c: wait","seconds":0}
{"event":"start","step":"d: wait"}
{"event":"canceled","step":"d: wait","seconds":0}
`},
	} {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got bytes.Buffer
				d := New(&got, test.mode)
				if test.count {
					d.Count("images", 20)
				}
				writing(d)
				if diff := cmp.Diff(test.want, got.String()); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

// TestOutputLive shows the last lines of running steps, as far as there is room, and keeps those of failed steps.
func TestOutputLive(t *testing.T) {
	for _, test := range []struct {
		height int
		want   []string
	}{
		{20, []string{"| a: make  100ms", "  | cc 4.c", "  | cc 5.c", "  | cc 6.c", "  | cc 7", "| a: wait  100ms", "| b: test  100ms", "  | ok"}},
		{9, []string{"| a: make  100ms", "  | cc 6.c", "  | cc 7", "| a: wait  100ms", "| b: test  100ms", "  | ok"}},
		{4, []string{"| a: make  100ms", "| a: wait  100ms", "| b: test  100ms"}},
		{3, []string{"| a: make  100ms", "| a: wait  100ms"}},
	} {
		t.Run(fmt.Sprint(test.height, " lines"), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var s screen
				d := &Display{newLive(&s, func() (int, int) { return 30, test.height }, styleOf(func(string) string { return "" }))}
				d.view.(*live).style.color = false
				make, ok := d.Start("a: make"), d.Start("b: test")
				wait := d.Start("a: wait") // stands with its thing
				for i := range 7 {
					fmt.Fprintf(make, "cc %d.c\n", i)
				}
				fmt.Fprint(make, "cc 7")
				fmt.Fprint(ok, "\x1b[31mok\x1b[m\n")
				time.Sleep(frame)
				synctest.Wait()
				d.view.(*live).frames = 0
				wait.Note("")
				d.Text("lasting")
				s.want(t, append([]string{"lasting"}, test.want...)...)
				_ = ok.End("", errors.New("exit code: 1"))
				wait.Cancel()
				d.Close()
				s.want(t, "lasting", "x b: test  100ms", "  | ok")
			})
		})
	}
}

// TestWide holds that a line of characters that are two columns wide does not wrap.
func TestWide(t *testing.T) {
	if got := cut("構築しています", 9); got != "構築して…" {
		t.Errorf("got %q", got)
	}
}
