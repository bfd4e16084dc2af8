package buildkit_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit"
)

// TestThroughPrograms reaches a builder as docker, kubectl and ssh would: they run "buildctl dial-stdio" beside it, and a
// stand-in for them does so here.
func TestThroughPrograms(t *testing.T) {
	address, programs := builder(t), os.Getenv("MKIMAGE_TEST_BUILDKIT_PROGRAMS")
	if programs == "" {
		t.Skip("no buildctl: ci/services sets $MKIMAGE_TEST_BUILDKIT_PROGRAMS")
	}
	bin := t.TempDir()
	for _, program := range []string{"docker", "kubectl", "ssh"} {
		script := fmt.Sprintf("#!/bin/sh\necho \"$0 $*\" >> %s/asked\nexec %s/buildctl --addr %s dial-stdio\n", bin, programs, address)
		if err := os.WriteFile(filepath.Join(bin, program), []byte(script), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
	for _, test := range []struct{ address, asked string }{
		{"docker-container://builder", "docker exec -i builder buildctl dial-stdio"},
		{"kube-pod://builder-0?namespace=builders", "--namespace=builders exec --container= -i builder-0 -- buildctl dial-stdio"},
		{"ssh://me@builder.example.org", "ssh -l me -- builder.example.org buildctl dial-stdio"},
	} {
		t.Run(test.address, func(t *testing.T) {
			e := open(t, buildkit.Options{Builders: []string{test.address}})
			if _, err := e.Build(t.Context(), plans(t, "x")); err != nil {
				t.Fatal(err)
			}
			asked, err := os.ReadFile(filepath.Join(bin, "asked"))
			if err != nil || !strings.Contains(string(asked), test.asked) {
				t.Errorf("want %q, asked was %s (%v)", test.asked, asked, err)
			}
		})
	}
}
