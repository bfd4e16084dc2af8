package human

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
	"testing"
	"time"
)

func TestBytes(t *testing.T) {
	tests := map[int64]string{0: "0 B", 999: "999 B", 1000: "1.00 kB", 9_994: "9.99 kB", 9_996: "10.0 kB", 99_960: "100 kB",
		999_499: "999 kB", 999_999: "1.00 MB", 1_605_000: "1.60 MB", 10_400_000: "10.4 MB", 109_000_000: "109 MB", 2_890_000_000: "2.89 GB"}
	for bytes, want := range tests {
		if got := Bytes(bytes); got != want {
			t.Errorf("Bytes(%d) = %q, want %q", bytes, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	for n, want := range map[int]string{0: "0 blobs", 1: "1 blob", 2: "2 blobs"} {
		if got := Count(n, "blob"); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestExcerpt(t *testing.T) {
	for text, want := range map[string]string{"": "", " a\r\n\tb ": "a b", "äöü": "äöü", "äöüß": "äöü…"} {
		if got := Excerpt(text, 3); got != want {
			t.Errorf("Excerpt(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestOneLine(t *testing.T) {
	whole := fmt.Errorf("open x: %w", fs.ErrNotExist)
	if got := OneLine(whole); !errors.Is(got, fs.ErrNotExist) {
		t.Errorf("%v no longer wraps its cause", got)
	}
	if got := OneLine(errors.New("a:\n  b\r\nc")); got.Error() != "a: b c" {
		t.Errorf("got %q", got)
	}
	if OneLine(nil) != nil {
		t.Error("nil is an error")
	}
}

func TestReason(t *testing.T) {
	other := errors.New("another error")
	empty := &fs.PathError{Op: "open", Path: "x"}
	tests := []struct {
		name      string
		err, want error
	}{
		{"a path", &fs.PathError{Op: "open", Path: "/tmp/x", Err: syscall.ENOSPC}, syscall.ENOSPC},
		{"two paths", &os.LinkError{Op: "rename", Old: "a", New: "b", Err: syscall.EXDEV}, syscall.EXDEV},
		{"a wrapped one", fmt.Errorf("read: %w", &fs.PathError{Op: "open", Path: "/tmp/x", Err: fs.ErrNotExist}), fs.ErrNotExist},
		{"a path without a reason", empty, empty},
		{"another", other, other},
		{"none", nil, nil},
	}
	for _, test := range tests {
		if got := Reason(test.err); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestDuration(t *testing.T) {
	for duration, want := range map[time.Duration]string{
		0: "0ms", 4 * time.Microsecond: "0ms", 412 * time.Microsecond: "0.41ms", 6249 * time.Microsecond: "6.2ms", 9960 * time.Microsecond: "10ms",
		938750 * time.Microsecond: "939ms", 999600 * time.Microsecond: "1.0s", 12340 * time.Millisecond: "12.3s", 59960 * time.Millisecond: "1m0s", 125 * time.Second: "2m5s",
	} {
		if got := Duration(duration); got != want {
			t.Errorf("Duration(%d) = %q, want %q", duration, got, want)
		}
	}
}
