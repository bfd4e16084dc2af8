package rules

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

func TestRule08_InitAnswersOK(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, _ string, chosen setting) {
		if got, want := start(t, chosen).Init(obey()), testkit.OK("OK"); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	})
}

func TestRule09_TheFirstActionLivesOnAfterASecondInit(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		p := start(t, chosen).ready(obey())
		before := p.Run(`{}`)
		for range 3 {
			if got := p.Init("#!/bin/sh\necho '{}'\n"); got != testkit.Failed(403, onlyOnce) {
				t.Errorf("second init: %s", got)
			}
		}
		p.Logged(onlyOnce)
		after := p.Run(`{}`)
		if want := strings.Replace(before.Body, `"run":1`, `"run":2`, 1); after.Status != 200 || protocol != "v0" && after.Body != want {
			t.Errorf("got %s, want %s", after, want)
		}
		p.Ended(2)
	})
}

func TestRule09_OfInitsAtTheSameMomentExactlyOneWins(t *testing.T) {
	t.Parallel()
	eachBuild(t, func(t *testing.T, binary string) {
		p := start(t, build(binary))
		var answers [20]answer
		var clients sync.WaitGroup
		for i := range answers {
			clients.Go(func() { answers[i], _ = p.TryPost("/init", testkit.InitBody(obey(), nil)) })
		}
		clients.Wait()
		won := 0
		for _, got := range answers {
			switch got {
			case testkit.OK("OK"):
				won++
			case testkit.Failed(403, onlyOnce):
			default:
				t.Errorf("got %s", got)
			}
		}
		if won != 1 {
			t.Errorf("%d inits won", won)
		}
		if got := p.Run(`{}`); got.Status != 200 {
			t.Errorf("run: %s", got)
		}
	})
}

func TestRule09_ALargeSecondInitIsRefusedToo(t *testing.T) {
	t.Parallel()
	p := start(t).ready(obey())
	if got := p.Init("#!/bin/sh\n" + strings.Repeat("# padding\n", 1<<20)); got != testkit.Failed(403, onlyOnce) {
		t.Errorf("got %s", got)
	}
	if got := p.Run(`{}`); got.Status != 200 {
		t.Errorf("run: %s", got)
	}
}

func TestRule09_ReinitWhereItIsAllowed(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		p := start(t, chosen, testkit.Env("PROXY_ALLOW_REINIT=1")).ready(obey(step{"stderr", "first\n"}))
		p.Run(`{}`)
		p.ready(obey(step{"stderr", "second\n"}))
		if got := p.Run(`{}`); !strings.Contains(got.Body, `"run":1`) {
			t.Errorf("got %s", got)
		}
		if got := p.Init("no action"); got.Status == 200 {
			t.Errorf("got %s", got)
		}
		if got := p.Run(`{}`); got.Status != 200 {
			t.Errorf("after a failed reinit: %s", got)
		}
		p.Logged("second")
		most := 1 // the action
		if protocol == "v0" {
			most = 0
		}
		testkit.Await(t, "the former actions are gone", func() bool { return len(p.Descendants()) <= most })
	})
}

// bake puts an action into the image.
func (p *proxy) bake(name, content string) {
	p.T.Helper()
	testkit.WriteProgram(p.T, filepath.Join(p.Dir, name), content)
}

func TestRule10_WithoutCodeTheBakedActionIsTaken(t *testing.T) {
	t.Parallel()
	bodies := map[string]string{
		"no code":    `{"value":{"name":"n","main":"main"}}`,
		"null":       `{"value":{"code":null,"binary":false}}`,
		"empty":      `{"value":{"code":"","binary":true,"env":null}}`,
		"null value": `{"value":{"name":null,"main":null,"binary":null,"code":null,"env":null}}`,
		"value null": `{"value":null}`,
		"no value":   `{}`,
		"all null":   ` null`,
		"beside it":  `{"code":"#!/bin/sh\nexit 1\n"}`,
	}
	for name, body := range bodies {
		t.Run(name, func(t *testing.T) {
			eachProtocol(t, func(t *testing.T, _ string, chosen setting) {
				p := start(t, chosen)
				p.bake("exec", obey())
				if got, want := p.Post("/init", body), testkit.OK("OK"); got != want {
					t.Fatalf("got %s\n%s", got, p.Stderr)
				}
				if got := p.Run(`{}`); got.Status != 200 {
					t.Errorf("run: %s", got)
				}
			})
		})
	}
}

func TestRule10_WithoutCodeAndWithoutABakedAction(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		want, n := testkit.Failed(403, "Missing main/no code to execute."), 0
		if protocol == "v0" {
			want = testkit.Failed(502, noGenerate)
		}
		p := start(t, chosen)
		for _, body := range []string{`{}`, `null`, ` null `, `{"value":null}`, `{"code":"#!/bin/sh\n"}`, `{"value":{"code":"x"},"value":null}`, `{"value":{"main":"m","env":{"A":1}}}`} {
			if got := p.Post("/init", body); got != want {
				t.Errorf("%s: %s", body, got)
			}
			if protocol == "v0" {
				n++
			}
		}
		p.ready(obey()).Run(`{}`)
		p.Ended(n + 1)
	})
}

func TestRule10_CodeGoesBeforeTheBakedAction(t *testing.T) {
	t.Parallel()
	p := start(t)
	p.bake("exec", "#!/bin/sh\nexit 1\n")
	p.ready(obey())
}

// asStemcell brings a launcher that answers with its arguments; it does not start with a file that says so.
const asStemcell = `#!/bin/sh
if grep -n refuse "$1" >&2; then exit 1; fi
echo '{"ok":true}' >&3
while read -r line; do echo "[\"${1##*/}\",\"$2\"]" >&3; done
`

func TestRule10_WithoutCodeTheBakedFunctionIsTaken(t *testing.T) {
	t.Parallel()
	stemcell := filepath.Join(t.TempDir(), "x")
	launcher := filepath.Join(stemcell, "launcher")
	if err := errors.Join(os.Mkdir(stemcell, 0o755), os.WriteFile(launcher, []byte(asStemcell), 0o755),
		os.WriteFile(filepath.Join(stemcell, "stemcell"), []byte("main main.x\n"), 0o644)); err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		main, init string
		want       answer
	}{
		"the usual name":            {"", `{"value":{"main":"main"}}`, testkit.OK(`["main.x","main"]`)},
		"no name":                   {"", `{}`, testkit.OK(`["main.x","main"]`)},
		"the image's":               {"hello", `{"value":{"main":"main"}}`, testkit.OK(`["main.x","hello"]`)},
		"that of /init":             {"hello", `{"value":{"main":"other"}}`, testkit.OK(`["main.x","other"]`)},
		"the image's, of an upload": {"hello", `{"value":{"main":"main","code":"upload"}}`, testkit.OK(`["main.x","main"]`)},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, testkit.Env("OW_LAUNCHER="+launcher, "OW_MAIN="+test.main))
			p.bake("main.x", "the function")
			if got := p.Post("/init", test.init); got != testkit.OK("OK") {
				t.Fatalf("init: %s", got)
			}
			if got := p.Run(`{}`); got != test.want {
				t.Errorf("got %s, want %s", got, test.want)
			}
		})
	}
	t.Run("one that does not start", func(t *testing.T) {
		p := start(t, testkit.Env("OW_LAUNCHER="+launcher))
		p.bake("main.x", "\nrefuse\n")
		contains(t, p.Post("/init", `{}`).Error(t), "exit status 1")
		p.Logged("2:refuse")
	})
}

func TestRule11_InitIsJSONWithAnObject(t *testing.T) {
	t.Parallel()
	p := start(t)
	for name, body := range map[string]string{
		"empty":              ``,
		"text":               `hello`,
		"cut off":            `{"value":{"code":"#!/bin/sh`,
		"cut off later":      `{"value":{"code":"#!/bin/sh"}`,
		"more":               `{"value":{"code":"#!/bin/sh"}}}`,
		"two":                `{"value":{}}{"value":{}}`,
		"an array":           `[]`,
		"a number":           `12`,
		"a string":           `"{}"`,
		"value a string":     `{"value":"code"}`,
		"value a number":     `{"value":1}`,
		"value an array":     `{"value":[{"code":"#!/bin/sh"}]}`,
		"code a number":      `{"value":{"code":1}}`,
		"code an object":     `{"value":{"code":{}}}`,
		"binary a string":    `{"value":{"code":"#!/bin/sh","binary":"yes"}}`,
		"env an array":       `{"value":{"code":"#!/bin/sh","env":["A=B"]}}`,
		"a bad escape":       `{"value":{"code":"\x"}}`,
		"a control":          "{\"value\":{\"code\":\"#!/bin/sh\n\"}}",
		"trailing comma":     `{"value":{"code":"#!/bin/sh",}}`,
		"single quotes":      `{'value':{}}`,
		"a bad number":       `{"value":{"limits":01}}`,
		"nested without end": `{"value":{"env":` + strings.Repeat("[", 100000),
	} {
		t.Run(name, func(t *testing.T) {
			if got := p.Post("/init", body); got.Status != 400 || !strings.HasPrefix(got.Error(t), "Error unmarshaling request: ") {
				t.Errorf("got %s", got)
			}
		})
	}
	p.ready(obey())
}

// wrapped breaks base64 as base64(1) does: a line end after 76 characters.
func wrapped(text, end string) string {
	var b strings.Builder
	for len(text) > 76 {
		b.WriteString(text[:76] + end)
		text = text[76:]
	}
	return b.String() + text + end
}

func TestRule12_CodeIsTextOrBase64(t *testing.T) {
	t.Parallel()
	elf, err := os.ReadFile(binaries.action)
	if err != nil {
		t.Fatal(err)
	}
	script := obey()
	quoted := func(s string) string { b, _ := json.Marshal(s); return string(b) }
	for name, body := range map[string]string{
		"text":                      `{"value":{"code":` + quoted(script) + `,"binary":false}}`,
		"text, escaped":             `{"value":{"code":"` + escaped(script) + `"}}`,
		"base64 of a script":        `{"value":{"code":"` + encoded(script) + `","binary":true}}`,
		"binary first":              `{"value":{"binary":true,"code":"` + encoded(script) + `"}}`,
		"code before binary":        `{"value":{"code":"` + encoded(script) + `","main":"m","binary":true}}`,
		"an ELF":                    `{"value":{"binary":true,"code":"` + encoded(string(elf)) + `"}}`,
		"an ELF that says nothing":  `{"value":{"code":"` + encoded(string(elf)) + `"}}`,
		"an ELF that is no binary":  `{"value":{"binary":false,"code":"` + encoded(string(elf)) + `"}}`,
		"an ELF in lines":           `{"value":{"binary":true,"code":` + quoted(wrapped(encoded(string(elf)), "\n")) + `}}`,
		"an ELF in CR LF lines":     `{"value":{"binary":true,"code":` + quoted(wrapped(encoded(string(elf)), "\r\n")) + `}}`,
		"an ELF in words":           `{"value":{"binary":true,"code":"` + wrapped(encoded(string(elf)), " ") + `"}}`,
		"words, code before binary": `{"value":{"code":"` + wrapped(encoded(string(elf)), " ") + `","binary":true}}`,
		"a zip that is no binary":   `{"value":{"code":"` + encoded(testkit.Zip(t, file{Name: "exec", Content: script})) + `","binary":false}}`,
		"a tar that is no binary":   `{"value":{"code":"` + encoded(testkit.Tar(t, regular("exec", script))) + `"}}`,
		"blanks everywhere":         "\n{ \"value\" :\t{ \"binary\" : true , \"code\" : \"" + encoded(script) + "\" } }\r\n",
		"other members":             `{"a":[{"value":{"code":"x"}}],"value":{"x":{"code":"y"},"code":` + quoted(script) + `,"y":[1,2,{"binary":true}]},"b":null}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := start(t)
			if got, want := p.Post("/init", body), testkit.OK("OK"); got != want {
				t.Fatalf("got %s", got)
			}
			if got := p.Run(`{}`); got.Status != 200 {
				t.Errorf("run: %s", got)
			}
		})
	}
}

// escaped writes every character of a text as \u and four digits.
func escaped(text string) string {
	var b strings.Builder
	for _, r := range text {
		fmt.Fprintf(&b, `\u%04x`, r)
	}
	return b.String()
}

func TestRule12_DamagedBinariesSayHowToSendThem(t *testing.T) {
	t.Parallel()
	elf, err := os.ReadFile(binaries.action)
	if err != nil {
		t.Fatal(err)
	}
	for name, code := range map[string]string{"ELF": string(elf), "tar.gz": testkit.Tar(t, regular("exec", obey()))} {
		t.Run(name, func(t *testing.T) {
			p := start(t)
			got := p.Init(code) // json.Marshal damages it as wsk does
			contains(t, got.Error(t), "zip", "wsk")
		})
	}
}

func TestRule17_ExecutablesIgnoreMain(t *testing.T) {
	t.Parallel()
	for _, main := range []string{`"main"`, `"other"`, `""`, `null`, `"a b;c"`} {
		p := start(t)
		code, _ := json.Marshal(obey())
		if got, want := p.Post("/init", `{"value":{"main":`+main+`,"code":`+string(code)+`}}`), testkit.OK("OK"); got != want {
			t.Errorf("%s: %s", main, got)
		}
		if got := p.Run(`{}`); got.Status != 200 {
			t.Errorf("%s: %s", main, got)
		}
	}
}
