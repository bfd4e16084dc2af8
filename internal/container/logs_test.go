package container

import (
	"strings"
	"testing"
)

func TestFilter(t *testing.T) {
	tests := []struct {
		name   string
		writes []string
		want   string
	}{
		{"lines", []string{"a\nb\n"}, "a\nb\n"},
		{"a sentinel between lines", []string{"a\n" + Sentinel + "\nb\n"}, "a\nb\n"},
		{"a sentinel in parts", []string{"a\n" + Sentinel[:10], Sentinel[10:] + "\nb\n"}, "a\nb\n"},
		{"a line in parts", []string{"one ", "two", "\n"}, "one two\n"},
		{"a last line without an end", []string{"a\nb"}, "a\nb\n"},
		{"a last sentinel without an end", []string{"a\n" + Sentinel}, "a\n"},
		{"a line that has more than the sentinel", []string{Sentinel + "!\n"}, Sentinel + "!\n"},
		{"empty lines", []string{"\n\n"}, "\n\n"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var out strings.Builder
			f := NewFilter(&out)
			for _, write := range test.writes {
				if n, err := f.Write([]byte(write)); n != len(write) || err != nil {
					t.Errorf("wrote %d of %q: %v", n, write, err)
				}
			}
			f.End()
			if out.String() != test.want {
				t.Errorf("got %q, want %q", out.String(), test.want)
			}
		})
	}
}
