package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// activationID is the activation of every run of these tests, and of the transcript of version 0.
const activationID = "0123456789abcdef0123456789abcdef"

// An example is a file of the page, ready to run.
type example struct {
	name string   // as in the page
	path string   // of the executable
	env  []string // what the image has to set for it
}

func (e example) set(variable string) bool {
	for _, v := range e.env {
		if v == variable {
			return true
		}
	}
	return false
}

func (e example) isV0() bool         { return e.set("OW_PROTOCOL=v0") }
func (e example) isActionLoop() bool { return e.set("OW_PROTOCOL=actionloop") }
func (e example) isV2(transcript []step) bool {
	return strings.HasPrefix(transcript[0].text, `{"openwhisk":2`)
}
func (e example) waitsForAck() bool { return e.set("OW_WAIT_FOR_ACK=1") }

func (e example) resultFD() int {
	if e.isActionLoop() || e.set("OW_RESULT_FD=3") {
		return 3
	}
	return 1
}

// needs are the commands that run or compile an example, by the end of its name. Each has to succeed for the tool to
// count as there.
func needs() map[string][][]string {
	return map[string][][]string{
		".sh": {{"bash", "-c", "true"}, {"jq", "--version"}},
		".rb": {{"ruby", "-rjson", "-e", "1"}},
		".pl": {{"perl", "-MJSON::PP", "-e", "1"}},
		".py": {{"python3", "-c", "import json"}},
		".go": {{"go", "version"}},
		".c":  {{"cc", "--version"}},
	}
}

// require skips the test when a command does not work here, and fails it in CI.
func require(t *testing.T, command []string) {
	t.Helper()
	err := exec.Command(command[0], command[1:]...).Run()
	switch {
	case err == nil:
	case os.Getenv("CI") == "true":
		t.Fatalf("%s: %v", strings.Join(command, " "), err)
	default:
		t.Skipf("%s: %v", strings.Join(command, " "), err)
	}
}

// prepare writes an example to a folder of its own and compiles it where its language asks for that.
func prepare(t *testing.T, b block) example {
	t.Helper()
	name := b.attrs["file"]
	commands, known := needs()[filepath.Ext(name)]
	if !known {
		t.Fatalf("line %d: no way to run %s", b.line, name)
	}
	for _, command := range commands {
		require(t, command)
	}
	dir := t.TempDir()
	e := example{name: name, path: filepath.Join(dir, name)}
	if b.attrs["env"] != "" {
		e.env = strings.Split(b.attrs["env"], ",")
	}
	testkit.WriteProgram(t, e.path, b.text)
	var compile *exec.Cmd
	switch filepath.Ext(name) {
	case ".go":
		compile = exec.Command("go", "build", "-o", "exec", name)
	case ".c":
		compile = exec.Command("cc", "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror", "-O2", "-static", "-o", "exec", name)
	default:
		return e
	}
	compile.Dir = dir
	compile.Env = append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off", "GOFLAGS=")
	if out, err := compile.CombinedOutput(); err != nil {
		t.Fatalf("compile %s: %v\n%s", name, err, out)
	}
	e.path = filepath.Join(dir, "exec")
	return e
}

func TestExamples(t *testing.T) {
	p := readPage(t, "native-protocol.md")
	for _, b := range p.files() {
		name := b.attrs["file"]
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := prepare(t, b)
			transcripts := p.with(t, "session", name)
			if len(transcripts) == 0 {
				t.Errorf("no transcript with %s", name)
			}
			for _, transcript := range transcripts {
				t.Run("over pipes", func(t *testing.T) { playOverPipes(t, e, steps(t, transcript)) })
				play := playBehindProxy
				if e.isV2(steps(t, transcript)) {
					play = playLinesBehindProxy
				}
				t.Run("behind the proxy", func(t *testing.T) { play(t, e, steps(t, transcript)) })
			}
			if strings.HasPrefix(name, "greet.") {
				t.Run("odd values over pipes", func(t *testing.T) { oddOverPipes(t, e) })
				t.Run("odd values behind the proxy", func(t *testing.T) { oddBehindProxy(t, e) })
			}
		})
	}
}

func oddOverPipes(t *testing.T, e example) {
	c := startChild(t, e)
	if got := c.read(t); !sameJSON(got, `{"openwhisk":1}`) {
		t.Fatalf("handshake: %q", got)
	}
	for name, odd := range oddValues() {
		t.Run(name, func(t *testing.T) {
			c.write(odd[0])
			checkGreeting(t, c.read(t), odd[1])
			c.write(`{"name":"Mike"}`) // one line in, one line out: still in step
			checkGreeting(t, c.read(t), "Mike")
		})
	}
}

// The commands that the page shows print what the page shows.
func TestConsole(t *testing.T) {
	p := readPage(t, "native-protocol.md")
	dir := t.TempDir()
	for _, b := range p.files() {
		if err := os.WriteFile(filepath.Join(dir, b.attrs["file"]), []byte(b.text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, b := range p.blocks {
		if b.lang != "console" {
			continue
		}
		for _, command := range needs()[".sh"] {
			require(t, command)
		}
		line, want, _ := strings.Cut(b.text, "\n")
		cmd := exec.Command("bash", "-c", strings.TrimPrefix(line, "$ "))
		cmd.Dir = dir
		got, err := cmd.Output()
		if err != nil || string(got) != want {
			t.Errorf("line %d: %v, got %q, the page says %q", b.line, err, got, want)
		}
	}
}
