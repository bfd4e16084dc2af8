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

func TestOneOf(t *testing.T) {
	type mode string
	if got, err := OneOf(mode("plain"), "auto", "plain"); got != "plain" || err != nil {
		t.Errorf("got %q, %v", got, err)
	}
	for word, want := range map[mode]string{
		"plan": `"plan" is not one of auto, plain (did you mean "plain"?)`,
		"loud": `"loud" is not one of auto, plain`,
		"":     `"" is not one of auto, plain`,
		"a\nb": `"a\nb" is not one of auto, plain`,
	} {
		if got, err := OneOf(word, "auto", "plain"); got != "" || err == nil || err.Error() != want {
			t.Errorf("%q: got %q, %v, want %s", word, got, err, want)
		}
	}
}
