package report

import "testing"

func TestReplace(t *testing.T) {
	tests := []struct {
		name string
		page string
		want string // "" for an error
	}{
		{"old report", "a\n<!-- bench -->\nold\n<!-- /bench -->\nb\n", "a\n<!-- bench -->\n\nnew\n\n<!-- /bench -->\nb\n"},
		{"no report yet", "<!-- bench -->\n<!-- /bench -->\n", "<!-- bench -->\n\nnew\n\n<!-- /bench -->\n"},
		{"no end", "<!-- bench -->\n", ""},
		{"no place", "text\n", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := replace([]byte(test.page), "bench", []byte("new\n"))
			if string(got) != test.want || (err == nil) != (test.want != "") {
				t.Errorf("got %q, error %v; want %q", got, err, test.want)
			}
		})
	}
}
