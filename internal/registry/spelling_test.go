package registry

import (
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
)

func TestCheckReference(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"app", ""},
		{"app:1.0", ""},
		{"you/app:_x-1.Y", ""},
		{"r.example.org/team/{name}:{name}", ""},
		{"r.example.org:5000/a__b/c-d/e--f/g.h", ""},
		{"[::1]:5000/app", ""},
		{"localhost/app", ""},
		{"Registry.Example.ORG/app", ""}, // hosts have no case
		{"ghcr.io/MyOrg", `a repository has no upper case ("M"); write ghcr.io/myorg`},
		{"MyOrg/App:Dev", `a repository has no upper case ("M"); write myorg/app:Dev`},
		{"r.example.org//app", `a repository has no empty part, before, after or between "/"; write r.example.org/app`},
		{"r.example.org/team//app:1", `a repository has no empty part, before, after or between "/"; write r.example.org/team/app:1`},
		{"r.example.org/app/", `a repository has no empty part, before, after or between "/"; write r.example.org/app`},
		{"/app", `a repository has no empty part, before, after or between "/"; write app`},
		{"//r.example.org/app", `a repository has no empty part, before, after or between "/"; write r.example.org/app`},
		{"app:feature/x", `a tag has no "/"; write app:feature-x`},
		{"r.example.org/app:feature/x/y", `a tag has no "/"; write r.example.org/app:feature-x-y`},
		{"r.example.org:5000/app:1:2", `a tag has no ":"; write r.example.org:5000/app:1-2`},
		{"https://r.example.org/app:1", `a repository has no scheme ("https://"); write r.example.org/app:1`},
		{"docker://r.example.org/App/", `a repository has no scheme ("docker://"); write r.example.org/app`},
		{"app:.x", `a tag does not begin with "."; write app:x`},
		{"app:-x", `a tag does not begin with "-"; write app:x`},
		{"app:", `it is empty; write app:latest`},
		{"app:v1+build", `a tag has no "+"; write app:v1-build`},
		{"app:é", `a tag has no "é"; write app:latest`},
		{"app:a b", `a tag has no " "; write app:a-b`},
		{"r.example.org/-app", `a part of a repository does not begin with "-"; write r.example.org/app`},
		{"r.example.org/app_", `a part of a repository does not end with "_"; write r.example.org/app`},
		{"r.example.org/a..b", `"a..b" has more than one of ".", "_", "__" or "-" in a row; write r.example.org/a-b`},
		{"r.example.org/a b", `a repository has no " "; write r.example.org/a-b`},
		{"r.example.org/a\nb", `a repository has no "\n"; write r.example.org/a-b`},
		{"r.example.org/App/{name}", `a repository has no upper case ("A"); write r.example.org/app/{name}`},
		{"app@sha256:" + strings.Repeat("0", 64), `a push sets tags, not digests ("@"); write app`},
		{"", `a repository has no empty part, before, after or between "/"; write NAME`},
		{"app:" + strings.Repeat("x", 129), "a tag has at most 128 characters; write app:" + strings.Repeat("x", 128)},
		{strings.Repeat("x", 256), "a repository has at most 255 characters"},
		{"r.example.org:99999999/%zz/app", `a repository has no "%"; write r.example.org:99999999/zz/app`},
	} {
		err := CheckReference(test.text)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.HasSuffix(err.Error(), " is not REPOSITORY[:TAG]: "+test.want)) {
			t.Errorf("%q: got %v, want %s", test.text, err, test.want)
		}
	}
}

func TestCheckRepository(t *testing.T) {
	for _, test := range []struct{ text, want string }{
		{"r.example.org", ""},
		{"127.0.0.1:5000", ""},
		{"127.0.0.1:5000/actions/", ""},
		{"you", ""},
		{"ghcr.io/MyOrg", `"ghcr.io/MyOrg" is not HOST/PATH: a repository has no upper case ("M"); write ghcr.io/myorg`},
		{"https://r.example.org/x", `"https://r.example.org/x" is not HOST/PATH: a repository has no scheme ("https://"); write r.example.org/x`},
		{"r.example.org/x//", `"r.example.org/x//" is not HOST/PATH: a repository has no empty part, before, after or between "/"; write r.example.org/x`},
		{"r.example.org/x:1", `"r.example.org/x:1" is not HOST/PATH: it has no tag (":"); write r.example.org/x, and give the tag with --tag`},
		{"you/x:1", `"you/x:1" is not HOST/PATH: it has no tag (":"); write you/x, and give the tag with --tag`},
		{"", `"" is not HOST/PATH: it is empty`},
	} {
		if err := CheckRepository(test.text); test.want == "" && err != nil || test.want != "" && (err == nil || err.Error() != test.want) {
			t.Errorf("%q: got  %v\nwant %s", test.text, err, test.want)
		}
	}
}

// FuzzCheckReference holds that an accepted reference can be parsed, and that a suggested one is accepted.
func FuzzCheckReference(f *testing.F) {
	for _, text := range []string{"app", "ghcr.io/MyOrg", "r.example.org//app", "app:feature/x", "https://r/x", "a@b", "a:-._é", "[::1]:1/a", ".a/b", "{name}:{name}"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		problem, near := spell(text)
		if problem == "" {
			if _, err := name.NewTag(text); err != nil {
				t.Errorf("%q is not read: %v", text, err)
			}
			return
		}
		if near == "" {
			return
		}
		if again, _ := spell(strings.ReplaceAll(near, "NAME", "name")); again != "" && len(near) < longestRepository {
			t.Errorf("%q: %s, but %q: %s", text, problem, near, again)
		}
	})
}
