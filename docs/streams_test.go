package docs_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// startFunction starts a function in Bash behind the proxy, as in an image with the stemcell.
func startFunction(t *testing.T, source string, env ...string) server {
	t.Helper()
	for _, command := range needs()[".sh"] {
		require(t, command)
	}
	launcher, err := filepath.Abs("../stemcells/bash/launcher.sh")
	if err != nil {
		t.Fatal(err)
	}
	s := startServer(t, built.proxy, append(env, "OW_LAUNCHER="+launcher)...)
	if got := s.Init(source); got != testkit.OK("OK") {
		t.Fatalf("init: %s\n%s", got, s.Stderr)
	}
	return s
}

// TestStreamsPage types the commands of the page as they stand, but for those that need an engine or a platform: the
// function of the page is started behind the proxy.
func TestStreamsPage(t *testing.T) {
	p := readPage(t, "streams.md")
	for _, link := range regexp.MustCompile(`\]\(([^)#:]+)[^):]*\)`).FindAllStringSubmatch(p.text, -1) {
		if _, err := os.Stat(link[1]); err != nil {
			t.Errorf("the page links to %s: %v", link[1], err)
		}
	}
	require(t, []string{"curl", "--version"})
	s := startFunction(t, p.file(t, "countdown.sh"))
	here := strings.NewReplacer("localhost:8080", s.Address, "invoke 8080", "invoke http://"+s.Address)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "read.mjs"), []byte(p.file(t, "read.mjs")), 0o644); err != nil {
		t.Fatal(err)
	}
	_, noNode := exec.LookPath("node")
	typed := 0
	for _, b := range p.blocks {
		if b.lang != "console" || !regexp.MustCompile(`localhost:8080|invoke 8080`).MatchString(b.text) {
			continue
		}
		typed++
		line, want, _ := strings.Cut(b.text, "\n")
		if noNode != nil && strings.HasPrefix(line, "$ node ") {
			continue
		}
		command := exec.CommandContext(t.Context(), "sh", "-c", here.Replace(strings.TrimPrefix(line, "$ ")))
		command.Dir, command.Env = dir, append(os.Environ(), "PATH="+filepath.Dir(built.mkimage)+":"+os.Getenv("PATH"), "MKIMAGE_PROGRESS=none")
		got, err := command.CombinedOutput()
		if err != nil || !pattern(strings.TrimSuffix(want, "\n")).MatchString(strings.TrimSuffix(string(got), "\n")) {
			t.Errorf("%s: %v, got\n%s\nthe page says\n%s", line, err, got, want)
		}
	}
	if typed != 4 {
		t.Errorf("%d commands were typed", typed)
	}
}

// TestInterruptCancels interrupts mkimage invoke --stream: the run ends with it, and the next one has its turn.
func TestInterruptCancels(t *testing.T) {
	s := startFunction(t, `main() { ow_out first; [[ $1 == *again* ]] || while :; do sleep 0.05; done; echo '{}'; }`)
	var shown, said stream
	command := exec.CommandContext(t.Context(), built.mkimage, "invoke", "http://"+s.Address, "--no-init", "--stream")
	command.Stdout, command.Stderr = &shown, &said
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	testkit.Await(t, "the first line", func() bool { return shown.String() == "first\n" })
	command.Process.Signal(os.Interrupt)
	if err := command.Wait(); err == nil || strings.Contains(said.String(), "result") {
		t.Errorf("%v: %s", err, &said)
	}
	if got := s.Run(`{"again":true}`); got.Status != 200 {
		t.Errorf("got %s\n%s", got, s.Stderr)
	}
}

// TestFetchReads has Node.js, whose fetch is that of browsers, read streams with the script of the page: text is shown
// before the function goes on, behind the proxy as behind the streamer.
func TestFetchReads(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip(err) // nothing else needs it, and stemcells' tests read streams piece by piece
	}
	p := readPage(t, "streams.md")
	script := filepath.Join(t.TempDir(), "read.mjs")
	if err := os.WriteFile(script, []byte(p.file(t, "read.mjs")), 0o644); err != nil {
		t.Fatal(err)
	}
	gate := filepath.Join(t.TempDir(), "gate")
	s := startFunction(t, `main() { ow_out first; until [ -e `+gate+` ]; do sleep 0.01; done; ow_out second; echo '{}'; }`, "OW_STREAM=socket", "OW_STREAM_HOSTS=127.0.0.1")
	streamer := testkit.StartStreamer(t, &s.Client)
	for way, request := range map[string][]string{
		"through the streamer": {streamer.URL, "*/*", `{}`},
		"chunked":              {"http://" + s.Address + "/run", testkit.StreamType, `{"value":{}}`},
	} {
		t.Run(way, func(t *testing.T) {
			defer os.Remove(gate)
			var shown, complaints stream
			command := exec.CommandContext(t.Context(), node, append([]string{script}, request...)...)
			command.Stdout, command.Stderr = &shown, &complaints
			if err := command.Start(); err != nil {
				t.Fatal(err)
			}
			testkit.Await(t, "the first line", func() bool { return strings.Contains(shown.String(), "first\n") })
			if strings.Contains(shown.String(), "second") {
				t.Error("the second line came early")
			}
			if err := os.WriteFile(gate, nil, 0o644); err != nil {
				t.Fatal(err)
			}
			if err := command.Wait(); err != nil || strings.ReplaceAll(shown.String(), "\n\n", "\n") != "first\nsecond\n" {
				t.Errorf("%v: %q, %s", err, shown.String(), &complaints)
			}
		})
	}
}
