package e2e

import (
	"os"
	"slices"
	"strings"
	"testing"
)

// invoker is how OpenWhisk's invoker limits the containers that it starts.
var invoker = strings.Fields("--cap-drop NET_RAW --cap-drop NET_ADMIN --ulimit nofile=1024:1024 " +
	"--pids-limit 1024 --memory 256m")

// readOnly is the strictest way that works for an image without a baked action.
var readOnly = strings.Fields("--read-only --tmpfs /action:exec,uid=65532 --cap-drop ALL")

func read(t *testing.T, path string) []byte {
	t.Helper()
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

// TestUploads sends the same compiled action in every form that wsk has for it.
func TestUploads(t *testing.T) {
	t.Parallel()
	image := loadScratch(t)
	v1, v0 := read(t, built.v1), read(t, built.v0)
	nothing := []string{"", ""}
	greeted := []string{"greeting Zoë ☃\n", "greeting Mike\n"}
	compared := []string{"same on stdin: true\n", "same on stdin: true\n"}
	tests := []struct {
		name           string
		code           any
		protocol       string
		stdout, stderr []string
	}{
		{"v1, an ELF", v1, "auto", nothing, greeted},
		{"v1, a zip with exec", zipped(t, "exec", v1), "v1", nothing, greeted},
		{"v1, base64 with blanks as text", wrapped(v1), "auto", nothing, greeted},
		{"v0, an ELF", v0, "v0", greeted, compared},
		{"v0, a zip with exec", zipped(t, "exec", v0), "v0", greeted, compared},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			i, _ := start(t, image, slices.Concat(invoker, []string{"-e", "OW_PROTOCOL=" + test.protocol})...)
			i.init(t, test.code)
			i.greets(t, "Zoë ☃")
			i.greets(t, "Mike")
			i.logged(t, test.stdout, test.stderr)
			if got := i.tryInit(t, test.code); got.Status != 403 {
				t.Errorf("second init answered %v", got)
			}
		})
	}
}

// TestWaysToRun starts the image as platforms do that give an action little.
func TestWaysToRun(t *testing.T) {
	t.Parallel()
	image := loadScratch(t)
	v1 := read(t, built.v1)
	tests := []struct {
		name  string
		flags []string
		user  [2]int
	}{
		{"docker run", nil, [2]int{65532, 65532}},
		{"as the invoker does", invoker, [2]int{65532, 65532}},
		{"read-only, no capability", readOnly, [2]int{65532, 65532}},
		{"read-only under the invoker's limits", slices.Concat(invoker, readOnly), [2]int{65532, 65532}},
		{"a random user of group 0", []string{"--user", "12345:0"}, [2]int{12345, 0}},
		{"a random user of group 0, read-only", slices.Concat(readOnly, []string{"--user", "12345:0"}), [2]int{12345, 0}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			i, _ := start(t, image, test.flags...)
			i.init(t, v1)
			result := i.run(t, map[string]any{"name": "Mike", "env": "GREETING"})
			if result["greeting"] != "Hello, Mike" || result["env"] != "from init" {
				t.Errorf("the action answered %v", result)
			}
			if user := result["user"].([]any); user[0] != float64(test.user[0]) || user[1] != float64(test.user[1]) {
				t.Errorf("the action runs as %v, want %v", user, test.user)
			}
			i.logged(t, []string{""}, []string{"greeting Mike\n"})
		})
	}
}

// TestPause freezes the container between runs, as the invoker does.
func TestPause(t *testing.T) {
	t.Parallel()
	i, id := start(t, loadScratch(t), invoker...)
	i.init(t, read(t, built.v1))
	for range 3 {
		i.greets(t, "Mike")
		docker(t, "pause", id)
		docker(t, "unpause", id)
	}
	greeted := []string{"greeting Mike\n", "greeting Mike\n", "greeting Mike\n"}
	i.logged(t, []string{"", "", ""}, greeted)
}

// TestStop checks that the container ends by itself when docker stop asks.
func TestStop(t *testing.T) {
	t.Parallel()
	i, id := start(t, loadScratch(t))
	i.init(t, read(t, built.v1))
	i.greets(t, "Mike")
	docker(t, "stop", "--time", "60", id)
	if code := docker(t, "inspect", "--format", "{{.State.ExitCode}}", id); code != "0" {
		t.Errorf("exit status %s\n%s", code, i.log())
	}
}

// TestRefusals checks that init says why it cannot start what it was given.
func TestRefusals(t *testing.T) {
	t.Parallel()
	image := loadScratch(t)
	v1 := read(t, built.v1)
	other := slices.Clone(v1)
	other[18], other[19] = 0x16, 0 // e_machine: IBM S/390
	tests := []struct {
		name  string
		flags []string
		code  any
		words []string // that the error must hold
	}{
		{"/action is mounted noexec", []string{"--tmpfs", "/action:noexec,uid=65532"}, v1, []string{"/action", "noexec"}},
		{"/action is read-only", []string{"--read-only"}, v1, []string{"/action", "read-only"}},
		{"/action belongs to another user", []string{"--user", "12345:12345"}, v1, []string{"/action", "permission denied"}},
		{"no such interpreter", nil, "#!/bin/bash\necho '{}'\n", []string{"/bin/bash"}},
		{"a zip without exec", nil, zipped(t, "hello", v1), []string{"exec"}},
		{"a zip with exec in a folder", nil, zipped(t, "folder/exec", v1), []string{"folder/exec"}},
		{"a truncated zip", nil, zipped(t, "exec", v1)[:1000], []string{"zip"}},
		{"an ELF for another machine", nil, other, []string{"s390"}},
		{"no handshake", []string{"-e", "OW_INIT_TIMEOUT=1s"}, read(t, built.v0), []string{"OW_PROTOCOL"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			i, _ := start(t, image, test.flags...)
			i.refuses(t, test.code, test.words...)
		})
	}
	t.Run("a good init may follow", func(t *testing.T) {
		i, _ := start(t, image)
		i.refuses(t, zipped(t, "hello", v1))
		i.init(t, v1)
		i.greets(t, "Mike")
	})
}
