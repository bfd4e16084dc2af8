package goparts

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// build compiles a program of this module as images have it.
func build(t testing.TB, source string, flags ...string) []byte {
	t.Helper()
	file := filepath.Join(t.TempDir(), "program")
	cmd := exec.Command("go", append(append([]string{"build", "-o", file}, flags...), source)...)
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, text)
	}
	program, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// TestProxy holds that nearly all of the proxy is attributed, stripped as it is, and that the parts add up.
func TestProxy(t *testing.T) {
	program := build(t, "../../proxy", "-trimpath", "-ldflags=-s -w")
	parts, ok := Read(program)
	if !ok {
		t.Fatal("no Go program")
	}
	var sum, unknown int64
	has := map[string]int64{}
	for i, part := range parts {
		sum += part.Bytes
		has[part.Name] = part.Bytes
		if !part.Go && (part.Name == otherCode || part.Name == rest || part.Name == more) {
			unknown += part.Bytes
		}
		if i > 0 && part.Bytes > parts[i-1].Bytes {
			t.Errorf("%s comes after a smaller one", part.Name)
		}
	}
	if sum != int64(len(program)) {
		t.Errorf("the parts have %d bytes, the program %d", sum, len(program))
	}
	if share := 100 * float64(unknown) / float64(sum); share > 5 {
		t.Errorf("%.1f %% are in no Go package and no known section", share)
	}
	for _, name := range []string{"runtime", "github.com/sciabarracom/openwhisk-runtime-go/proxy/http1", lines, constants} {
		if has[name] == 0 {
			t.Errorf("no %q", name)
		}
	}
	t.Logf("%.2f %% in no Go package and no known section, of %d parts", 100*float64(unknown)/float64(sum), len(parts))
}

// TestNoGoProgram: a file of another compiler, a broken one and none.
func TestNoGoProgram(t *testing.T) {
	program := build(t, "../../stemcells/go/examples/hello")
	table := strings.Replace(string(program), ".gopclntab", ".goXclntab", -1)
	for name, text := range map[string]string{"empty": "", "text": "#!/bin/sh\n", "cut": string(program[:4096]), "no table": table, "ELF": "\x7fELF"} {
		if parts, ok := Read([]byte(text)); ok {
			t.Errorf("%s: got %v", name, parts)
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("\x7fELF\x02\x01\x01"))
	f.Add(build(f, "../../stemcells/go/examples/hello", "-ldflags=-s -w")[:1<<16])
	f.Fuzz(func(t *testing.T, program []byte) {
		parts, ok := Read(program)
		var sum int64
		for _, part := range parts {
			if part.Bytes <= 0 {
				t.Fatalf("%+v", part)
			}
			sum += part.Bytes
		}
		if ok && sum != int64(len(program)) {
			t.Fatalf("the parts have %d bytes, the program %d", sum, len(program))
		}
	})
}
