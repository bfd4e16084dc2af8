package e2e

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// TestSeedHello holds that the example is the program that this project began with, byte for byte.
func TestSeedHello(t *testing.T) {
	if !bytes.Equal(read(t, "testdata/hello.go.seed"), read(t, "../stemcells/go/examples/hello/main.go")) {
		t.Error("stemcells/go/examples/hello/main.go is not the seed's hello any more")
	}
}

// answersAsTheSeedShows runs hello.
func (i instance) answersAsTheSeedShows(t *testing.T) {
	t.Helper()
	for value, want := range map[string]testkit.Answer{
		"Mike":  testkit.OK(`{"greetings":"Hello, Mike"}`),
		"Zoë ☃": testkit.OK(`{"greetings":"Hello, Zoë ☃"}`),
		"":      testkit.OK(`{"error":"no name specified"}`),
	} {
		if got := i.post(t, "/run", map[string]any{"value": map[string]any{"name": value}}); got != want {
			t.Errorf("run of %q answered %v, want %v", value, got, want)
		}
	}
}

// TestHelloBakedIn starts the image hello, which has the program and no proxy.
func TestHelloBakedIn(t *testing.T) {
	t.Parallel()
	image := loadImage(t, "hello")
	size, err := strconv.ParseInt(docker(t, "image", "inspect", "--format", "{{.Size}}", image), 10, 64)
	if err != nil || size > 3_200_000 {
		t.Errorf("the image has %d bytes (%v), want at most 3.2 MB", size, err)
	}
	if got := docker(t, "image", "inspect", "--format", "{{json .Config.Entrypoint}}", image); got != `["/action/exec"]` {
		t.Errorf("the entrypoint is %s", got)
	}
	for name, flags := range map[string][]string{
		"as the invoker does":              invoker,
		"read-only, no capability":         slices.Concat(invoker, []string{"--read-only", "--cap-drop", "ALL"}),
		"a random user of group 0":         {"--user", "12345:0"},
		"on a port of the environment":     {"-e", "OW_PORT=8080", "-e", "PORT=1"},
		"with the v0 protocol asked of it": {"-e", "OW_PROTOCOL=v0"},
	} {
		t.Run(name, func(t *testing.T) {
			i, _ := start(t, image, flags...)
			i.init(t, "")
			i.answersAsTheSeedShows(t)
		})
	}
}

// TestHelloUploaded sends hello to the image go, whose proxy it replaces.
func TestHelloUploaded(t *testing.T) {
	t.Parallel()
	image := loadImage(t, "go")
	_, dir := mkimage(t, "version")
	example, err := filepath.Abs("../stemcells/go/examples/hello")
	if err != nil {
		t.Fatal(err)
	}
	output(t, dir, built.mkimage, "action", "build", example, "-o", "hello.zip", "--platform", "linux/"+hostPlatform.Architecture)
	packed := read(t, filepath.Join(dir, "hello.zip"))
	for name, flags := range map[string][]string{
		"auto": nil,
		"exec": {"-e", "OW_PROTOCOL=exec"},
		"v1":   {"-e", "OW_PROTOCOL=v1"},
	} {
		t.Run(name, func(t *testing.T) {
			i, _ := start(t, image, slices.Concat(invoker, flags)...)
			early := i.post(t, "/run", map[string]any{"value": map[string]any{"name": "Mike"}})
			if want := `{"error":"the action failed to locate a binary"}`; early.Body != want || early.Status != 502 {
				t.Errorf("a run before init answered %v, want 502 %s", early, want)
			}
			i.init(t, packed)
			i.answersAsTheSeedShows(t)
			if got := i.tryInit(t, packed); got.Status != 403 {
				t.Errorf("second init answered %v", got)
			}
		})
	}
}

// TestRunOnTheEngine starts an image as a user does, invokes it and interrupts it.
func TestRunOnTheEngine(t *testing.T) {
	t.Parallel()
	needEngine(t)
	_, dir := mkimage(t, "version")
	output(t, dir, built.mkimage, "build", "hello")
	running := exec.Command(built.mkimage, "run", "hello")
	running.Dir = dir
	var log bytes.Buffer
	running.Stderr = &log
	stdout, err := running.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := running.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = running.Process.Kill()

	})
	line := make([]byte, 100)
	n, err := stdout.Read(line)
	if err != nil {
		t.Fatalf("no URL: %v\n%s", err, &log)
	}
	address := strings.TrimSpace(string(line[:n]))
	if got := output(t, dir, built.mkimage, "invoke", address, "--param", "name=Mike", "-n", "2"); got != "{\"greetings\":\"Hello, Mike\"}\n{\"greetings\":\"Hello, Mike\"}" {
		t.Errorf("invoke printed %q", got)
	}
	if err := running.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if err := running.Wait(); err != nil {
		t.Errorf("%v\n%s", err, &log)
	}
	want := "run it with: mkimage invoke " + address + " --param name=Mike\nCtrl-C stops it\nHello, Mike\nHello, Mike\n"
	if got := log.String(); got != want {
		t.Errorf("the log is %q", got)
	}
	if _, err := http.Get(address); err == nil {
		t.Error("it still answers after Ctrl-C")
	}
}
