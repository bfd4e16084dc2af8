package buildkit_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// TestThroughPrograms reaches a builder as docker, kubectl and ssh would: they run "buildctl dial-stdio" beside it, and
// a stand-in for them does so here.
func TestThroughPrograms(t *testing.T) {
	address, programs := builder(t), os.Getenv("MKIMAGE_TEST_BUILDKIT_PROGRAMS")
	if programs == "" {
		t.Skip("no buildctl: ci/services sets $MKIMAGE_TEST_BUILDKIT_PROGRAMS")
	}
	bin := t.TempDir()
	for _, program := range []string{"docker", "kubectl", "ssh"} {
		script := fmt.Sprintf("#!/bin/sh\necho \"$0 $*\" >> %s/asked\nexec %s/buildctl --addr %s dial-stdio\n", bin, programs, address)
		testkit.WriteProgram(t, filepath.Join(bin, program), script)
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

// standIn puts a script in the place of a program that builders are reached through.
func standIn(t *testing.T, program, script string) {
	t.Helper()
	bin := t.TempDir()
	testkit.WriteProgram(t, filepath.Join(bin, program), "#!/bin/sh\n"+script)
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+os.Getenv("PATH"))
}

// TestStartingContainer holds that mkimage waits for a daemon whose container was started a moment ago.
func TestStartingContainer(t *testing.T) {
	address, programs, tries := builder(t), os.Getenv("MKIMAGE_TEST_BUILDKIT_PROGRAMS"), filepath.Join(t.TempDir(), "tries")
	if programs == "" {
		t.Skip("no buildctl: ci/services sets $MKIMAGE_TEST_BUILDKIT_PROGRAMS")
	}
	standIn(t, "docker", fmt.Sprintf(`echo try >> %[1]s
[ $(wc -l < %[1]s) -lt 3 ] && exec %[2]s/buildctl --addr unix://%[1]s.sock dial-stdio
exec %[2]s/buildctl --addr %[3]s dial-stdio
`, tries, programs, address))
	e := open(t, buildkit.Options{Builders: []string{"docker-container://builder"}})
	if _, err := e.Build(t.Context(), plans(t, "x")); err != nil {
		t.Error(err)
	}
}

// TestHangingProgram holds that mkimage does not wait for a program that says nothing, and ends it.
func TestHangingProgram(t *testing.T) {
	file := filepath.Join(t.TempDir(), "process")
	standIn(t, "ssh", "echo $$ > "+file+"\nexec sleep 3000\n")
	e := open(t, buildkit.Options{Builders: []string{"ssh://builder"}, Patience: 100 * time.Millisecond})
	_, err := e.Build(t.Context(), plans(t, "x"))
	if err == nil || !strings.Contains(err.Error(), "no builder can be reached at ssh://builder: no answer within 100ms; https:") {
		t.Errorf("got %v", err)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Skip("it was ended before it ran")
	}
	id, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "the process is gone", func() bool { return syscall.Kill(id, 0) != nil })
}

// TestWhatProgramsSay holds that the error has the program's own message on one line, whichever stream it came by.
func TestWhatProgramsSay(t *testing.T) {
	for _, test := range []struct{ name, program, address, script, want string }{
		{"to stderr", "ssh", "ssh://builder", `printf '@@@@\r\nno\r\n"way"\r\n' >&2; exit 255`, `ssh said: no "way"`},
		{"to stdout", "docker", "docker-container://builder", `echo OCI runtime exec failed; exit 126`, "docker said: OCI runtime exec failed"},
		{"a colour", "ssh", "ssh://builder", `printf '\033[31mred\033[0m' >&2; exit 1`, "ssh said: [31mred[0m"},
		{"nothing", "ssh", "ssh://builder", "exit 3", "ssh ended and said nothing"},
		{"kubectl's log", "kubectl", "kube-pod://builder", `echo 'E1122 04:14:53.4 1 memcache.go:265] "Unhandled"' >&2; echo refused >&2; exit 1`, "kubectl said: refused"},
	} {
		t.Run(test.name, func(t *testing.T) {
			standIn(t, test.program, test.script)
			_, err := open(t, buildkit.Options{Builders: []string{test.address}}).Build(t.Context(), plans(t, "x"))
			want := "build x: no builder can be reached at " + test.address + ": " + test.want + "; https://github.com/sciabarracom/openwhisk-runtime-go/blob/main/docs/buildkit.md says how one is started"
			if err == nil || err.Error() != want {
				t.Errorf("got  %v\nwant %s", err, want)
			}
		})
	}
}
