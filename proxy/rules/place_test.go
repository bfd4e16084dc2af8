package rules

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// Nobody reads the logs: no reason to stop.
func TestRule34_NobodyReadsTheLogs(t *testing.T) {
	t.Parallel()
	p := start(t, func(c *exec.Cmd) { c.SysProcAttr.Setsid = true })
	p.ready(obey())
	p.Stdout.Leave()
	p.Stderr.Leave()
	for range 5 {
		if got := p.do(step{"flood", "stderr", "200000"}); got.Status != 200 {
			t.Fatalf("got %s", got)
		}
	}
	p.Signal(syscall.SIGTERM)
	if status := p.Status(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// As other users than root, and with images that cannot be written.
func TestOtherUsers(t *testing.T) {
	t.Parallel()
	t.Run("65532", func(t *testing.T) {
		p := start(t, asUser(t, 65532)).ready(obey())
		if got := p.Run(`{}`); got.Status != 200 {
			t.Errorf("run: %s", got)
		}
	})
	t.Run("a baked action that cannot be written", func(t *testing.T) {
		p := start(t, asUser(t, 65532), func(c *exec.Cmd) {})
		p.bake("exec", obey())
		os.Chown(p.Dir, 0, 0)
		os.Chmod(p.Dir, 0o555)
		if got, want := p.Post("/init", `{"value":{}}`), testkit.OK("OK"); got != want {
			t.Fatalf("got %s", got)
		}
		if got := p.Run(`{}`); got.Status != 200 {
			t.Errorf("run: %s", got)
		}
	})
	t.Run("an upload that cannot be written", func(t *testing.T) {
		p := start(t, asUser(t, 65532))
		os.Chown(p.Dir, 0, 0)
		os.Chmod(p.Dir, 0o555)
		for _, code := range []string{obey(), testkit.Zip(t, file{Name: "exec", Content: obey()})} {
			text := p.upload(code).Error(t)
			contains(t, text, "cannot write to "+p.Dir, "permission denied")
		}
	})
	t.Run("no folder at all", func(t *testing.T) {
		p := start(t)
		os.Remove(p.Dir)
		if got := p.Post("/init", `{"value":{}}`); got != testkit.Failed(403, "Missing main/no code to execute.") {
			t.Errorf("got %s", got)
		}
		if _, err := os.Stat(p.Dir); err == nil {
			t.Error("it was made though nothing was uploaded")
		}
		p.ready(obey()) // it is made
	})
	t.Run("nor one above it", func(t *testing.T) {
		p := start(t, func(c *exec.Cmd) { testkit.Env("OW_ACTION_DIR=" + filepath.Join(t.TempDir(), "no", "action"))(c) })
		contains(t, p.Init(obey()).Error(t), filepath.Join("no", "action"), "make the folder, or set OW_ACTION_DIR")
	})
}

// without starts the proxy with its own choice of a folder, below a working directory.
func without(dir string) setting {
	return func(c *exec.Cmd) {
		testkit.Env("OW_ACTION_DIR=")(c)
		c.Dir = dir
	}
}

// Images of runtimes have a working directory each, and their proxy makes the folder "action" in it.
func TestRule22_TheFolderOfTheWorkingDirectory(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string][]string{
		"auto":       nil,
		"v1":         {"OW_PROTOCOL=v1"},
		"actionloop": {"OW_PROTOCOL=actionloop", "PORT=3000"},
	} {
		t.Run(name, func(t *testing.T) {
			dir, err := filepath.EvalSymlinks(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			p := start(t, testkit.Env(settings...), without(dir)).ready(obey())
			want := filepath.Join(dir, "action")
			if name == "actionloop" {
				want = filepath.Join(want, "1", "bin")
			}
			if got := p.do(step{"directory"}); !strings.Contains(got.Body, `"directory":"`+want+`"`) {
				t.Errorf("it runs in %s, want %s", got, want)
			}
		})
	}
	t.Run("that cannot be written", func(t *testing.T) {
		dir := t.TempDir()
		p := start(t, asUser(t, 65532), without(dir))
		contains(t, p.Init(obey()).Error(t), "cannot write to", "/action", "permission denied", "--tmpfs")
	})
	t.Run("baked", func(t *testing.T) {
		dir := t.TempDir()
		p := start(t, without(dir))
		if err := os.Mkdir(filepath.Join(dir, "action"), 0o755); err != nil {
			t.Fatal(err)
		}
		testkit.WriteProgram(t, filepath.Join(dir, "action", "exec"), obey())
		if got := p.Post("/init", `{"value":{}}`); got.Status != 200 {
			t.Errorf("got %s", got)
		}
	})
}

func TestRule25_V0TooLargeForTheEnvironment(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Env("OW_PROTOCOL=v0")).ready(obey())
	if got := p.Post("/run", `{"value":{},"blob":"`+strings.Repeat("x", 200_000)+`"}`); got.Status != 200 && got != testkit.Failed(502, noResult) {
		t.Errorf("got %s", got)
	}
	p.Ended(1)
	if got := p.Run(`{}`); got.Status != 200 {
		t.Errorf("the run after: %s", got)
	}
}
