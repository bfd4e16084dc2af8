package apkfs

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadInstalled(t *testing.T) {
	const database = "C:Q1qKcZ+j23xssAXmgQhkOO8dHnbWw=\nP:musl\nV:1.2.5-r9\nA:x86_64\nT:the C library\nU:https://musl.libc.org/\nL:MIT\n" +
		"o:musl\nc:7749273\nD:busybox>=1.36 !uclibc\np:so:libc.musl-x86_64.so.1=1\nF:\nR:top\nF:lib\nM:0:0:755\nR:ld-musl.so\na:0:0:755\n" +
		"\nP:jq\nV:1.7.1-r0" // the last record may end without a line end
	want := []Installed{{
		Name: "musl", Version: "1.2.5-r9", Arch: "x86_64", Description: "the C library", URL: "https://musl.libc.org/", License: "MIT",
		Origin: "musl", Commit: "7749273",
		Checksum: []byte("\xa8\xa7\x19\xfa\x3d\xb7\xc6\xcb\x00\x5e\x68\x10\x86\x43\x8e\xf1\xd1\xe7\x6d\x6c"),
		Depends:  []string{"busybox>=1.36", "!uclibc"}, Provides: []string{"so:libc.musl-x86_64.so.1=1"},
		Files: []string{"top", "lib/ld-musl.so"},
	}, {Name: "jq", Version: "1.7.1-r0"}}
	got, err := ReadInstalled([]byte(database))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReadInstalledBroken(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"no key":         {"P:a\nV:1\nnonsense\n", "line 3"},
		"no version":     {"P:a\n\n", "package a has no version"},
		"sum not base64": {"P:a\nV:1\nC:Q1%\n", "base64"},
		"no name":        {"P:a\nV:1\n\nV:2\n\n", "line 5: a package has no name"},
		"a huge size":    {"P:a\nV:1\nS:99999999999999999999\n", "line 3: field S: value out of range"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := ReadInstalled([]byte(test.text)); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func FuzzReadInstalled(f *testing.F) {
	f.Add([]byte("P:a\nV:1\nC:Q1\nD:!x >= so:y=1 @z\nF:\nR:/\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		packages, err := ReadInstalled(text)
		for _, p := range packages {
			if err == nil && (p.Name == "" || p.Version == "") {
				t.Errorf("%+v", p)
			}
		}
	})
}
