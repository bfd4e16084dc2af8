package progress

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// story is what every view is shown.
func story(d *Display) {
	compile := d.Start("compile the proxy for linux/amd64")
	write := d.Start("write dist/scratch")
	time.Sleep(1234 * time.Millisecond)
	_ = compile.End("6.21 MB", nil)
	_ = write.End("", errors.New("no space\nleft"))
	d.Text("scratch  6.21 MB")
	d.Warn("not attached")
	d.Close()
	d.Error(errors.Join(errors.New("scratch: no space left"), errors.New("bash: no space left")))
}

func TestLines(t *testing.T) {
	tests := []struct {
		mode Mode
		want string
	}{
		{Plain, `done: compile the proxy for linux/amd64 (6.21 MB, 1.2s)
failed: write dist/scratch (1.2s)
scratch  6.21 MB
not attached
mkimage: scratch: no space left
mkimage: bash: no space left
`},
		{None, `not attached
mkimage: scratch: no space left
mkimage: bash: no space left
`},
		{JSON, `{"event":"start","step":"compile the proxy for linux/amd64"}
{"event":"start","step":"write dist/scratch"}
{"event":"done","step":"compile the proxy for linux/amd64","seconds":1.234,"detail":"6.21 MB"}
{"event":"failed","step":"write dist/scratch","seconds":1.234,"error":"no space left"}
{"event":"text","text":"scratch  6.21 MB"}
{"event":"warning","text":"not attached"}
{"event":"error","error":"scratch: no space left"}
{"event":"error","error":"bash: no space left"}
`},
	}
	for _, test := range tests {
		t.Run(string(test.mode), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got bytes.Buffer
				story(New(&got, test.mode))
				if diff := cmp.Diff(test.want, got.String()); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestAutoIsPlainWithoutATerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got bytes.Buffer
		_ = New(&got, Auto).Start("build").End("", nil)
		if want := "done: build (0ms)\n"; got.String() != want {
			t.Errorf("got %q, want %q", got.String(), want)
		}
	})
}

func TestJSONKeepsAZeroDuration(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var got bytes.Buffer
		_ = New(&got, JSON).Start("build").End("", nil)
		lines := strings.Split(strings.TrimSpace(got.String()), "\n")
		var last map[string]any
		if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
			t.Fatal(err)
		}
		if seconds, there := last["seconds"]; !there || seconds != 0.0 {
			t.Errorf("seconds are %v in %s", seconds, got.String())
		}
	})
}

// TestLive plays what is written on a small terminal, and looks at its screen.
func TestLive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s screen
		d := &Display{newLive(&s, func() (int, int) { return 40, 10 }, styleOf(func(string) string { return "" }))}
		d.view.(*live).style.color = false
		compile := d.Start("compile the proxy for linux/amd64")
		write := d.Start("write dist/scratch")
		time.Sleep(1250 * time.Millisecond)
		synctest.Wait()
		s.want(t, "| compile the proxy for linux/am…  1.2s", "| write dist/scratch  1.2s")
		_ = compile.End("6.21 MB", nil)
		s.want(t, "+ compile the proxy for linux/amd64  6.21 MB  1.2s", "| write dist/scratch  1.2s")
		time.Sleep(frame)
		synctest.Wait()
		s.want(t, "+ compile the proxy for linux/amd64  6.21 MB  1.2s", "/ write dist/scratch  1.3s")
		_ = write.End("", errors.New("full"))
		d.Text("scratch")
		d.Start("never ends")
		d.Close()
		s.want(t, "+ compile the proxy for linux/amd64  6.21 MB  1.2s", "x write dist/scratch  1.4s", "scratch")
	})
}

// TestNote shows how far a step is, where there is room.
func TestNote(t *testing.T) {
	for width, want := range map[int]string{60: "| push to r.example.org/scratch  3.1 MB of 9.4 MB  0ms", 30: "| push to r.example.org…  0ms"} {
		synctest.Test(t, func(t *testing.T) {
			var s screen
			d := &Display{newLive(&s, func() (int, int) { return width, 10 }, styleOf(func(string) string { return "" }))}
			d.view.(*live).style.color = false
			defer d.Close()
			d.Start("push to r.example.org/scratch").Note("3.1 MB of 9.4 MB")
			d.Text("a line draws anew")
			s.want(t, "a line draws anew", want)
		})
	}
}

func TestLiveShowsNoMoreThanTheScreenHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var s screen
		d := &Display{newLive(&s, func() (int, int) { return 40, 3 }, styleOf(func(string) string { return "" }))}
		d.view.(*live).style.color = false
		defer d.Close()
		for _, name := range []string{"a", "b", "c", "d"} {
			d.Start(name)
		}
		s.want(t, "| a  0ms", "| b  0ms")
	})
}

func TestStyle(t *testing.T) {
	tests := []struct {
		name  string
		env   map[string]string
		color bool
		done  string
	}{
		{"nothing set", nil, true, "+"},
		{"UTF-8", map[string]string{"LANG": "de_DE.UTF-8"}, true, "✓"},
		{"LC_ALL decides", map[string]string{"LC_ALL": "C", "LANG": "de_DE.UTF-8"}, true, "+"},
		{"no colour", map[string]string{"NO_COLOR": "1"}, false, "+"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := styleOf(func(name string) string { return test.env[name] })
			if got.color != test.color || got.done != test.done {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestParseMode(t *testing.T) {
	if mode, err := ParseMode("json"); mode != JSON || err != nil {
		t.Errorf("got %v, %v", mode, err)
	}
	_, err := ParseMode("plai")
	if want := `--progress: "plai" is not one of auto, plain, json, none (did you mean "plain"?)`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

// screen is a terminal that knows what live writes: text, line ends, [lineUp], [clearLine] and [clearEnd].
type screen struct {
	mutex sync.Mutex
	lines []string
	row   int
}

func (s *screen) Write(p []byte) (int, error) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for text := string(p); text != ""; {
		switch {
		case strings.HasPrefix(text, "\r"):
			text = text[1:]
		case strings.HasPrefix(text, lineUp):
			s.row--
			text = text[len(lineUp):]
		case strings.HasPrefix(text, clearEnd):
			s.lines = s.lines[:s.row]
			text = text[len(clearEnd):]
		default:
			line, rest, ended := strings.Cut(text, clearLine+"\n")
			if !ended {
				panic("a line is not cleared: " + text)
			}
			s.lines = append(s.lines[:s.row], append([]string{line}, s.lines[min(s.row+1, len(s.lines)):]...)...)
			s.row++
			text = rest
		}
	}
	return len(p), nil
}

func (s *screen) want(t *testing.T, lines ...string) {
	t.Helper()
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if diff := cmp.Diff(lines, s.lines); diff != "" {
		t.Error(diff)
	}
}

// TestCount shows work on many things in each view.
func TestCount(t *testing.T) {
	many := func(d *Display) {
		_ = d.Start("before").End("", nil)
		done := d.Count("images", 20)
		for i := range 20 {
			var err error
			if i == 7 {
				err = errors.New("no space left")
			}
			done(d.Start("build").End("", err))
		}
		d.Text("sizes")
	}
	tests := []struct {
		mode Mode
		want []string
	}{
		{Plain, []string{"done: before (0ms)", "done: 2 of 20 images (0ms)", "done: 4 of 20 images (0ms)", "done: 6 of 20 images (0ms)", "failed: build (0ms)",
			"done: 8 of 20 images, 1 failed (0ms)", "done: 10 of 20 images, 1 failed (0ms)", "done: 12 of 20 images, 1 failed (0ms)", "done: 14 of 20 images, 1 failed (0ms)",
			"done: 16 of 20 images, 1 failed (0ms)", "done: 18 of 20 images, 1 failed (0ms)", "done: 20 of 20 images, 1 failed (0ms)", "sizes"}},
		{None, []string{""}},
	}
	for _, test := range tests {
		t.Run(string(test.mode), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got bytes.Buffer
				many(New(&got, test.mode))
				if diff := cmp.Diff(test.want, strings.Split(strings.TrimSpace(got.String()), "\n")); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
	t.Run("json tells every step", func(t *testing.T) {
		var got bytes.Buffer
		many(New(&got, JSON))
		if lines := strings.Count(got.String(), "\n"); lines != 2*21+1 || strings.Contains(got.String(), "count") {
			t.Errorf("%d lines: %s", lines, got.String())
		}
	})
	t.Run("live", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			var s screen
			d := &Display{newLive(&s, func() (int, int) { return 40, 10 }, styleOf(func(string) string { return "" }))}
			d.view.(*live).style.color = false
			many(d)
			s.want(t, "+ before  0ms", "x build  0ms", "sizes", "20 of 20 images, 1 failed  0ms")
			d.Close()
			s.want(t, "+ before  0ms", "x build  0ms", "sizes")
		})
	})
}
