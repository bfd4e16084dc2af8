package publish

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	tests := []struct {
		value string
		want  Output
	}{
		{"type=oci,dest=dist/scratch", Output{Type: OCI, Dest: "dist/scratch"}},
		{"dest=dist/{name},type=oci", Output{Type: OCI, Dest: "dist/{name}"}},
		{`type=oci,"dest=a, ""b"""`, Output{Type: OCI, Dest: `a, "b"`}},
		{"type=oci,dest=a=b", Output{Type: OCI, Dest: "a=b"}},
		{"type=docker,dest=scratch.tar", Output{Type: Docker, Dest: "scratch.tar"}},
		{"type=docker,dest=scratch.tar,ref=me/scratch:1", Output{Type: Docker, Dest: "scratch.tar", Ref: "me/scratch:1"}},
		{"type=daemon", Output{Type: Daemon}},
		{"type=daemon,ref={name}:dev", Output{Type: Daemon, Ref: "{name}:dev"}},
		{"type=registry,ref=localhost:5000/{name}", Output{Type: Registry, Ref: "localhost:5000/{name}"}},
	}
	for _, test := range tests {
		t.Run(test.value, func(t *testing.T) {
			got, err := Parse(test.value)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Error(diff)
			}
			if again, err := Parse(got.String()); err != nil || !cmp.Equal(again, got) {
				t.Errorf("String gives %s, which parses as %v, %v", got, again, err)
			}
		})
	}
}

func TestParseRefuses(t *testing.T) {
	tests := []struct{ value, want string }{
		{"", "expected KEY=VALUE fields"},
		{"dist/scratch", `"dist/scratch" is not KEY=VALUE; write for example type=oci,dest=dist/scratch`},
		{"dest=dist/scratch", "type is missing: it is one of oci, docker, daemon, registry"},
		{"type=dokcer,dest=a.tar", `type "dokcer" is not one of oci, docker, daemon, registry (did you mean "docker"?)`},
		{"type=oci,dst=a", `type=oci: key "dst" is not one of type, dest (did you mean "dest"?)`},
		{"type=oci,dest=a,ref=b", `type=oci: key "ref" is not one of type, dest`},
		{"type=daemon,dest=a", `type=daemon: key "dest" is not one of type, ref`},
		{"type=oci", "type=oci needs dest=PATH"},
		{"type=docker", "type=docker needs dest=PATH"},
		{"type=registry", "type=registry needs ref=REPOSITORY[:TAG]"},
		{"type=oci,dest=", "dest is empty"},
		{"type=oci,dest=a,dest=b", "dest is given twice"},
		{"type=registry,ref=UPPER/Case", `"UPPER/Case" is not REPOSITORY[:TAG]: a repository has no upper case ("U"); write upper/case`},
		{"type=registry,ref=r.example.org/{name}:feature/x", `a tag has no "/"; write r.example.org/{name}:feature-x`},
		{"type=daemon,ref={name}:.x", `a tag does not begin with "."; write {name}:x`},
		{"type=registry,ref=a@sha256:" + strings.Repeat("0", 64), "is not REPOSITORY[:TAG]"},
		{`type=oci,"dest=a`, "is put in double quotes"},
	}
	for _, test := range tests {
		t.Run(test.value, func(t *testing.T) {
			_, err := Parse(test.value)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	for _, value := range []string{"type=oci,dest=a", `type=docker,"dest=a,b",ref=x:y`, "type=daemon", "type=registry,ref=r/{name}", "=,=", `"`} {
		f.Add(value)
	}
	f.Fuzz(func(t *testing.T, value string) {
		output, err := Parse(value)
		if err != nil {
			return
		}
		again, err := Parse(output.String())
		if err != nil || !cmp.Equal(again, output) {
			t.Errorf("%q is %+v, whose text %q is %+v, %v", value, output, output.String(), again, err)
		}
	})
}

func TestCheck(t *testing.T) {
	tests := []struct {
		name    string
		outputs []string
		images  []string
		want    string // "" when the outputs are fine
	}{
		{"one image", []string{"type=oci,dest=out"}, []string{"a"}, ""},
		{"several images with {name}", []string{"type=oci,dest=out/{name}", "type=registry,ref=r/{name}"}, []string{"a", "b"}, ""},
		{"several images in the daemon", []string{"type=daemon"}, []string{"a", "b"}, ""},
		{"several images in one folder", []string{"type=oci,dest=out"}, []string{"a", "b"}, "2 images would all go to out: put {name} into it"},
		{"several images in one repository", []string{"type=registry,ref=r/x"}, []string{"a", "b"}, "put {name} into it"},
		{"one place twice", []string{"type=oci,dest=out", "type=docker,dest=./out"}, []string{"a"}, "another output goes to the same place"},
		{"a name that no tag has", []string{"type=registry,ref=r/x:{name}"}, []string{strings.Repeat("x", 129)}, "a tag has at most 128 characters"},
		{"the daemon twice under two names", []string{"type=daemon", "type=daemon,ref=b"}, []string{"a"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var outputs []Output
			for _, value := range test.outputs {
				output, err := Parse(value)
				if err != nil {
					t.Fatal(err)
				}
				outputs = append(outputs, output)
			}
			err := Check(outputs, test.images)
			if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
