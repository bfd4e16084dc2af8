package suggest

import "testing"

func TestWord(t *testing.T) {
	choices := []string{"oci", "docker", "daemon", "registry"}
	tests := map[string]string{
		"dokcer":   "docker",
		"Registry": "registry",
		"registri": "registry",
		"oc":       "oci",
		"tar":      "",
		"":         "",
	}
	for word, want := range tests {
		if got := Word(word, choices); got != want {
			t.Errorf("Word(%q) = %q, want %q", word, got, want)
		}
	}
}
