//go:build linux

package clock_test

import (
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
)

func TestParse(t *testing.T) {
	for text, want := range map[string]clock.Duration{
		"0":             0,
		"0s":            0,
		"8s":            8 * clock.Second,
		"500ms":         500 * clock.Millisecond,
		"1m30s":         90 * clock.Second,
		"1.5h":          90 * clock.Minute,
		".5s":           500 * clock.Millisecond,
		"+1us":          clock.Microsecond,
		"2µs":           2 * clock.Microsecond,
		"10000000000ns": 10 * clock.Second,
	} {
		if got, ok := clock.Parse(text); !ok || got != want {
			t.Errorf("%q: got %d, %v; want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "8", "s", ".s", "-1s", "1d", "1 s", "9223372037s", "99999999999999999999h", "1s1", "2562047h1000h"} {
		if got, ok := clock.Parse(text); ok {
			t.Errorf("%q: got %d, want none", text, got)
		}
	}
}

// FuzzParse holds Parse against package time: the same texts, and the same durations but for the last nanosecond of a
// fraction.
func FuzzParse(f *testing.F) {
	for _, text := range []string{"8s", "1h2m3.4s", "1.0000000001s", "0", "+5ms", "-3s", "9223372036.854775807s", "0.9223372036854775808h"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, ok := clock.Parse(text)
		want, err := time.ParseDuration(text)
		if ok != (err == nil && want >= 0 && text[0] != '-') {
			if err == nil && want > 1<<60 { // the very last of 292 years
				return
			}
			t.Fatalf("%q: got %d, %v; package time says %d, %v", text, got, ok, want, err)
		}
		if off := int64(want) - int64(got); ok && (off < 0 || off > int64(len(text))*20) {
			t.Fatalf("%q: got %d; package time says %d", text, got, want)
		}
	})
}

func TestString(t *testing.T) {
	for want, d := range map[string]clock.Duration{
		"30s": 30 * clock.Second, "90s": 90 * clock.Second, "1500ms": 1500 * clock.Millisecond, "0s": 0, "1001ns": 1001,
	} {
		if got := d.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestClocks(t *testing.T) {
	before, early := clock.Now(), time.Now()
	end := clock.In(20 * clock.Millisecond)
	called := make(chan clock.Moment)
	clock.After(20*clock.Millisecond, func() { called <- clock.Now() })
	if at := <-called; at < end || before.Left() != 0 || clock.In(clock.Hour).Left() < 59*clock.Minute {
		t.Errorf("called at %d, which is before %d", at, end)
	}
	if now := clock.UnixMilli(); now < early.UnixMilli() || now > time.Now().UnixMilli() {
		t.Errorf("UnixMilli is %d at %d", now, early.UnixMilli())
	}
}
