package wsk

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadCode(t *testing.T) {
	tests := []struct{ name, content, text, mistake string }{
		{name: "a.zip", content: "PK\x03\x04", text: "UEsDBA=="},
		{name: "a.jar", content: "PK\x03\x04", text: "UEsDBA=="},
		{name: "a.sh", content: "#!/bin/sh\necho ☃\n", text: "#!/bin/sh\necho ☃\n"},
		{name: "exec", content: "\x7fELF\x02\x01\x01\x00", mistake: "is a program, which wsk sends as broken text: zip it under the name exec: cp "},
		{name: "my exec", content: "\x7fELF\x02\x01\x01\x00", mistake: "/my exec' exec && zip 'my exec.zip' exec (mkimage action build does that for Go)"},
		{name: "a.tar.gz", content: "\x1f\x8b\x08\x00", mistake: "is a tar.gz, which wsk sends as broken text: unpack it and zip what is in it, with exec at the top: mkdir unpacked && tar xzf "},
		{name: "a.tar.gz", content: "\x1f\x8b\x08\x00", mistake: "zip -r ../a.zip .)"},
		{name: "a.bin", content: "PK\x03\x04", mistake: "is a zip, which wsk sends as broken text under this name: rename it to "},
		{name: "a.zip", content: "\x7fELF", mistake: "is not a zip, whatever its name says"},
		{name: "a.txt", content: "\xff\xfe", mistake: "is neither text nor a zip, which wsk sends as broken text: zip it, with exec or main.* at the top"},
		{name: "a.txt", content: "a\x00b", mistake: "is neither text nor a zip"},
		{name: "empty", content: "", mistake: "is empty: it has no code"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), test.name)
			if err := os.WriteFile(path, []byte(test.content), 0o666); err != nil {
				t.Fatal(err)
			}
			code, err := ReadCode(path)
			if test.mistake != "" {
				if err == nil || !strings.Contains(err.Error(), test.mistake) || strings.Contains(err.Error(), "\n") {
					t.Errorf("got %v, want %s", err, test.mistake)
				}
				return
			}
			if err != nil || code.text != test.text || code.Path != path {
				t.Errorf("got %+v, %v", code, err)
			}
		})
	}
	if _, err := ReadCode(filepath.Join(t.TempDir(), "none")); err == nil || !strings.HasSuffix(err.Error(), "none: no such file or directory") {
		t.Errorf("got %v", err)
	}
}

// TestCodeIsNoFlag: a file whose name begins with a dash.
func TestCodeIsNoFlag(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := os.WriteFile("-x.sh", []byte("true"), 0o666); err != nil {
		t.Fatal(err)
	}
	code, err := ReadCode("-x.sh")
	if err != nil || code.Path != "./-x.sh" {
		t.Errorf("got %+v, %v", code, err)
	}
}
