package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// A v0 image takes the place of one made from dockerskeleton: these tests are about what that does and no other proxy.

// counted as {}: what is no JSON, and what is false to Python.
var likeNothing = []string{``, `null`, `hello`, `{"value":{`, `{"value":{"code":"#!/bin/sh`, `{'value':1}`, `false`, `0`, `-0.0e5`, `""`, `[]`, ` [ ] `, `{} {}`}

func TestRule11_V0TakesNoJSONForNothing(t *testing.T) {
	t.Parallel()
	t.Run("init", func(t *testing.T) {
		p := start(t, testkit.Env("OW_PROTOCOL=v0"))
		for _, body := range likeNothing {
			if got := p.Post("/init", body); got != testkit.Failed(502, noGenerate) {
				t.Errorf("%s: %s", body, got)
			}
		}
		p.Ended(len(likeNothing))
		if left := leftovers(t, p.Dir); len(left) != 0 {
			t.Errorf("it left %q", left)
		}
	})
	t.Run("init, baked", func(t *testing.T) {
		p := start(t, testkit.Env("OW_PROTOCOL=v0", "PROXY_ALLOW_REINIT=1"))
		p.bake("exec", obey())
		for _, body := range likeNothing {
			if got := p.Post("/init", body); got != testkit.OK("OK") {
				t.Errorf("%s: %s", body, got)
			}
		}
	})
	t.Run("init, large", func(t *testing.T) {
		p := start(t, testkit.Env("OW_PROTOCOL=v0"))
		if got := p.Post("/init", "no JSON"+strings.Repeat(" and more", 1<<20)); got != testkit.Failed(502, noGenerate) {
			t.Errorf("got %s", got)
		}
		p.Ended(1)
	})
	t.Run("run", func(t *testing.T) {
		p := start(t, testkit.Env("OW_PROTOCOL=v0")).ready("#!/bin/sh\necho \"[$1]\"\n")
		for _, body := range likeNothing {
			if got := p.Post("/run", body); got != testkit.OK("[{}]") {
				t.Errorf("%s: %s", body, got)
			}
		}
		p.Ended(len(likeNothing))
	})
}

func TestRule11_V0RefusesOtherValues(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Env("OW_PROTOCOL=v0"))
	inits := []string{`[1]`, `12`, `0.5`, `"x"`, `true`, `{"value":[]}`, `{"value":1}`, `{"value":{"env":[]}}`, `{"value":{"env":"A=b"}}`, `{"value":{"code":1}}`, `{"value":{"binary":"yes"}}`}
	for _, body := range inits {
		if got := p.Post("/init", body); got.Status != 400 || !strings.HasPrefix(got.Error(t), "Error unmarshaling request: ") {
			t.Errorf("init %s: %s", body, got)
		}
	}
	p.Ended(len(inits))
	p.ready(obey())
	runs := []string{`[1]`, `12`, `0.5`, `"x"`, `true`}
	for _, body := range runs {
		if got := p.Post("/run", body); got != testkit.Failed(404, noArgument) {
			t.Errorf("run %s: %s", body, got)
		}
	}
	p.Ended(len(inits) + len(runs))
}

func TestRule34_V0EndsTheLogOfACodeThatIsTooLarge(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Env("OW_PROTOCOL=v0", "OW_MAX_CODE=1KiB"))
	if got := p.Init("#!/bin/sh\n" + strings.Repeat("# long\n", 1000)); got.Status != 413 {
		t.Errorf("got %s", got)
	}
	p.Ended(1)
}

// The program of the image runs without an init.
func TestRule26_V0RunsTheBakedActionBeforeAnyInit(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Env("OW_PROTOCOL=v0", "OF_THE_IMAGE=x"))
	if got := p.Run(`{}`); got != testkit.Failed(502, noLocate) { // there is none yet
		t.Errorf("got %s", got)
	}
	p.bake("exec", "#!/bin/sh\necho \"log of $__OW_ACTIVATION_ID\"\necho \"[\\\"$OF_THE_IMAGE\\\",\\\"$PWD\\\",$1]\"\n")
	want := testkit.OK(`["x","` + p.Dir + `",{"a":1}]`)
	for _, id := range []string{"one", "two"} {
		if got := p.Post("/run", `{"value":{"a":1},"activation_id":"`+id+`"}`); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if stdout, _ := p.Ended(3); stdout[1] != "log of one\n" || stdout[2] != "log of two\n" {
		t.Errorf("logged %q", stdout)
	}
	// A failed init leaves it, a good one takes its place.
	if got := p.Init("#!/no/such/interpreter\n"); got.Status != 502 {
		t.Errorf("got %s", got)
	}
	if got := p.Run(`{"a":1}`); got != want {
		t.Errorf("after a failed init: %s", got)
	}
	p.ready("#!/bin/sh\necho '[2]'\n")
	if got := p.Run(`{}`); got != testkit.OK("[2]") {
		t.Errorf("after an init: %s", got)
	}
}

func TestRule26_OtherProtocolsWantAnInit(t *testing.T) {
	t.Parallel()
	for protocol, status := range map[string]int{"v1": 502, "actionloop": 500, "quiet": 502} {
		p := start(t, protocols[protocol])
		p.bake("exec", obey())
		if got := p.Run(`{}`); got.Status != status {
			t.Errorf("%s: %s", protocol, got)
		}
	}
}

func TestRule26_V0WithABakedFileThatCannotRun(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Env("OW_PROTOCOL=v0"))
	p.bake("exec", "#!/bin/sh\necho '{}'\n")
	if err := os.Chmod(filepath.Join(p.Dir, "exec"), 0o644); err != nil {
		t.Fatal(err)
	}
	if got := p.Run(`{}`); got != testkit.Failed(502, noLocate) {
		t.Errorf("got %s", got)
	}
	p.Ended(1)
}

// An archive without exec brings files for the program of the image.
func TestRule13_V0PutsAnArchiveBesideTheBakedProgram(t *testing.T) {
	t.Parallel()
	const shows = "#!/bin/sh\necho \"[\\\"$(cat data)\\\",\\\"$(cat lib/a)\\\",\\\"$(cat lib/b)\\\"]\"\n"
	for name, code := range map[string]string{
		"zip":    testkit.Zip(t, file{Name: "data", Content: "uploaded"}, file{Name: "lib/b", Content: "uploaded"}),
		"tar.gz": testkit.Tar(t, regular("data", "uploaded"), regular("lib/b", "uploaded")),
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, testkit.Env("OW_PROTOCOL=v0"))
			if err := os.Mkdir(filepath.Join(p.Dir, "lib"), 0o755); err != nil {
				t.Fatal(err)
			}
			p.bake("exec", shows)
			p.bake("lib/a", "baked")
			p.bake("lib/b", "baked")
			if got := p.Run(`{}`); got != testkit.OK(`["","baked","baked"]`) {
				t.Errorf("before: %s", got)
			}
			if got := p.upload(code); got != testkit.OK("OK") {
				t.Fatalf("got %s\n%s", got, p.Stderr)
			}
			if got := p.Run(`{}`); got != testkit.OK(`["uploaded","baked","uploaded"]`) {
				t.Errorf("after: %s", got)
			}
		})
	}
	t.Run("nothing baked", func(t *testing.T) {
		p := start(t, testkit.Env("OW_PROTOCOL=v0"))
		if got := p.upload(testkit.Zip(t, file{Name: "data", Content: "x"})); got != testkit.Failed(502, noGenerate) {
			t.Errorf("got %s", got)
		}
		p.Logged("no exec at its top")
	})
	t.Run("v1", func(t *testing.T) {
		p := start(t)
		p.bake("exec", obey())
		contains(t, p.upload(testkit.Zip(t, file{Name: "data", Content: "x"})).Error(t), "no exec at its top")
	})
}
