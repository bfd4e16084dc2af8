package destination

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	tests := []struct {
		text    string
		want    map[string]string
		problem string
	}{
		{"type=oci,dest=dist/{name}", map[string]string{"type": "oci", "dest": "dist/{name}"}, ""},
		{`type=oci,"dest=a,b=c"`, map[string]string{"type": "oci", "dest": "a,b=c"}, ""},
		{"", nil, "expected KEY=VALUE fields with commas between; a field with a comma is put in double quotes"},
		{"dist", nil, `"dist" is not KEY=VALUE; write for example type=oci,dest=dist`},
		{"type=oci,dest=", nil, "dest is empty"},
		{"dest=a,dest=b", nil, "dest is given twice"},
		{"dest=,dest=b", nil, "dest is empty"},
		{`"dest=a`, nil, "expected KEY=VALUE fields with commas between; a field with a comma is put in double quotes"},
	}
	for _, test := range tests {
		got, err := Parse(test.text, "type=oci,dest=")
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s: %s", test.text, diff)
		}
		if (err == nil) != (test.problem == "") || err != nil && err.Error() != test.problem {
			t.Errorf("%s: got %v, want %q", test.text, err, test.problem)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"type=oci,dest=a", `type=docker,"dest=a,b",ref=x:y`, "=,=", `"`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		values, err := Parse(text, "")
		if (err == nil) != (values != nil) {
			t.Errorf("got %v, %v", values, err)
		}
		for key, value := range values {
			if value == "" || strings.Contains(key, "=") {
				t.Errorf("got %q=%q", key, value)
			}
		}
	})
}

func TestPlaceholder(t *testing.T) {
	if !Apart("dist", 1) || !Apart("dist/{name}", 2) || Apart("dist", 2) {
		t.Error("several images need {name}, and one needs none")
	}
	if got := Fill("dist/{name}/{name}", "a"); got != "dist/a/a" {
		t.Errorf("got %s", got)
	}
}
