package images

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// stemcells is a table such as the package stemcells will pass in.
func stemcells() Stemcells {
	return Stemcells{"bash": {"bash", "jq"}, "ruby": {"ruby"}, "go": nil}
}

// TestStepFiles holds which paths a step may name.
func TestStepFiles(t *testing.T) {
	for name, ok := range map[string]bool{
		"requirements.txt": true, "wheels/": true, "vendor/cache": true, "a b": true, "..b": true,
		"": false, ".": false, "./": false, "..": false, "../x": false, "a/../../x": false, "a/../b": false, "/etc/passwd": false, "a//b": false, "./a": false, "a/./b": false,
	} {
		text := "name: x\nbase: alpine\nalpine: v3.22\nrun: [{script: x, files: ['" + name + "']}]\n"
		_, err := Parse("x.yaml", []byte(text), stemcells())
		if (err == nil) != ok || err != nil && !strings.Contains(err.Error(), "x.yaml:4:") {
			t.Errorf("%q: %v", name, err)
		}
	}
}

func TestParseAcceptsEveryKey(t *testing.T) {
	const text = `# everything
name: bash
description: Bash actions, with jq
base: alpine
alpine: v3.22
stemcells: [bash, go]
packages:
  - curl
  - openssl=3.5.1-r0
run:
  - {script: make -C /src, packages: [make], network: true, cache: [/root/.cache], files: [requirements.txt, wheels/], secrets: {TOKEN: 'env:TOKEN'}}
  - script: |
      echo one
      echo two
files: {/usr/bin/tool: 'bin/{arch}/tool'}
action: "actions/hello"
env: {OW_PROTOCOL: auto, GREETING: 'it''s'}
platforms: [linux/arm64]
labels:
  org.example/team: blue
budget: 8MB
`
	want := Definition{
		Name: "bash", Description: "Bash actions, with jq", Base: Alpine, Alpine: "v3.22",
		Stemcells: []string{"bash", "go"}, Packages: []string{"curl", "openssl=3.5.1-r0"}, Action: "actions/hello",
		Files:     map[string]string{"/usr/bin/tool": "bin/{arch}/tool"},
		Env:       map[string]string{"OW_PROTOCOL": "auto", "GREETING": "it's"},
		Platforms: []Platform{LinuxARM64}, Labels: map[string]string{"org.example/team": "blue"},
		Run: []Step{
			{Script: "make -C /src", Packages: []string{"make"}, Network: true, Cache: []string{"/root/.cache"},
				Files: []string{"requirements.txt", "wheels/"}, Secrets: map[string]string{"TOKEN": "env:TOKEN"}},
			{Script: "echo one\necho two\n"},
		},
		Budget: 8_000_000, File: "images/bash.yaml",
	}
	for name, text := range map[string]string{
		"as it stands":   text,
		"from Windows":   strings.ReplaceAll(text, "\n", "\r\n"),
		"with document":  "---\n" + text + "...\n",
		"end of file":    strings.TrimSuffix(text, "\n"),
		"empty document": text + "---\n",
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Parse("images/bash.yaml", []byte(text), stemcells())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestParseGivesDefaults(t *testing.T) {
	got, err := Parse("x.yaml", []byte("name: x\nbase: scratch\n"), nil)
	if err != nil {
		t.Fatal(err)
	}
	want := Definition{Name: "x", Base: Scratch, Platforms: UsualPlatforms(), AnyPlatform: true, File: "x.yaml"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestParseRefuses(t *testing.T) {
	const scratch = "name: x\nbase: scratch\n"
	const alpine = "name: x\nbase: alpine\nalpine: v3.22\n"
	tests := []struct{ name, text, want string }{
		{"unknown key", scratch + "stemcell: [go]\n", `x.yaml:3:1: unknown key "stemcell" (did you mean "stemcells"?)`},
		{"unknown key, nothing near", scratch + "healthcheck: /bin/sh\n", `x.yaml:3:1: unknown key "healthcheck"`},
		{"file at no absolute path", scratch + "files: {etc/motd: motd}\n", `x.yaml:3:9: "etc/motd" is not the path of a file in the image`},
		{"file above the image", scratch + "files: {/../motd: motd}\n", `x.yaml:3:9: "/../motd" is not the path of a file in the image`},
		{"file above the definition", scratch + "files: {/etc/motd: ../motd}\n", `x.yaml:3:9: "../motd" is not a path beside the definition`},
		{"file that is a folder", scratch + "files: {/etc/motd: motd/}\n", `x.yaml:3:9: "motd/" is a folder; name each of its files`},
		{"file twice", scratch + "files: {/etc/motd: a, /etc/motd: b}\n", `x.yaml:3:23: key "/etc/motd" is there twice`},
		{"file in place of the proxy", scratch + "files: {/bin/proxy: proxy}\n", `x.yaml:3:9: /bin/proxy is the proxy's`},
		{"file of the action", scratch + "files: {/action/exec: exec}\n", `x.yaml:3:9: /action/exec cannot be a file`},
		{"entrypoint that is text", scratch + "entrypoint: /bin/sh\n", `x.yaml:3:13: want a list such as [/usr/bin/tool, serve], got text`},
		{"entrypoint without a path", scratch + "entrypoint: [sh]\n", `x.yaml:3:13: an entrypoint begins with the absolute path of a program`},
		{"entrypoint that is empty", scratch + "entrypoint: []\n", `x.yaml:3:13: an entrypoint begins with the absolute path of a program`},
		{"entrypoint beside an action", scratch + "entrypoint: [/bin/x]\naction: x\n", `x.yaml:4:1: action needs the proxy, which an image with an entrypoint of its own does not have`},
		{"key twice", scratch + "base: alpine\n", `x.yaml:3:1: key "base" is there twice; the first is in line 2`},
		{"key that is a number", scratch + "1: a\n", `x.yaml:3:1: a key is text; put it into quotes`},
		{"no name", "base: scratch\n", `x.yaml:1:1: the key name is missing`},
		{"no base", "name: x\n", `x.yaml:1:1: the key base is missing`},
		{"name of another file", "name: y\nbase: scratch\n", `x.yaml:1:7: the image is named "y", so its file must be y.yaml`},
		{"name with capitals", "name: X\nbase: scratch\n", `x.yaml:1:7: "X" cannot be the name of an image: lower case letters and digits, with single . _ or - between them`},
		{"name with a slash", "name: a/b\nbase: scratch\n", `x.yaml:1:7: "a/b" cannot be the name`},
		{"name that is a number", "name: 1\nbase: scratch\n", `x.yaml:1:7: want text, got a number; put it into quotes: "1"`},
		{"base with a slip", "name: x\nbase: scrtch\n", `x.yaml:2:7: unknown base "scrtch"; there are scratch and alpine (did you mean "scratch"?)`},
		{"release that YAML would shorten", "name: x\nbase: alpine\nalpine: 3.20\n", `x.yaml:3:9: "3.20" is not an Alpine release such as v3.22 (did you mean "v3.20"?)`},
		{"release with a patch", "name: x\nbase: alpine\nalpine: V3.20.1\n", `x.yaml:3:9: "V3.20.1" is not an Alpine release such as v3.22 (did you mean "v3.20"?)`},
		{"base that is a number", "name: x\nbase: 3\n", `x.yaml:2:7: unknown base "3"; there are scratch and alpine`},
		{"package that is a number", "name: x\nbase: alpine\nalpine: v3.22\npackages: [-3]\n", `x.yaml:4:12: "-3" is not an Alpine package such as curl`},
		{"protocol that is none", scratch + "env: {OW_PROTOCOL: nonsense}\n", `x.yaml:3:7: OW_PROTOCOL="nonsense": want auto or v0 or v1 or v2 or actionloop or exec`},
		{"handshake that is none", scratch + "env: {OW_HANDSHAKE: no}\n", `x.yaml:3:7: OW_HANDSHAKE="no": want on or off`},
		{"descriptor that is none", scratch + "env: {OW_RESULT_FD: '2'}\n", `x.yaml:3:7: OW_RESULT_FD="2": want 1 or 3`},
		{"descriptor that is none, without quotes", scratch + "env: {OW_RESULT_FD: 2}\n", `x.yaml:3:21: OW_RESULT_FD="2": want 1 or 3`},
		{"port that is none", scratch + "env: {OW_PORT: 70000}\n", `x.yaml:3:16: OW_PORT="70000": want a port, 0 to 65535`},
		{"duration that is none", scratch + "env: {OW_INIT_TIMEOUT: '8'}\n", `x.yaml:3:7: OW_INIT_TIMEOUT="8": want a duration such as 8s or 500ms`},
		{"grace that is none", scratch + "env: {OW_SHUTDOWN_GRACE: -8s}\n", `x.yaml:3:7: OW_SHUTDOWN_GRACE="-8s": want a duration such as 8s or 500ms`},
		{"size that is none", scratch + "env: {OW_MAX_CODE: 64MB}\n", `x.yaml:3:7: OW_MAX_CODE="64MB": want a number of bytes such as 67108864 or 64MiB`},
		{"folder that is none", scratch + "env: {OW_ACTION_DIR: action}\n", `x.yaml:3:7: OW_ACTION_DIR="action": want an absolute path`},
		{"stemcell that is not there", scratch + "env: {OW_STEMCELL: perl}\n", `x.yaml:3:1: OW_STEMCELL="perl": want none, for this image has no stemcell`},
		{"stemcell of another image", "name: x\nbase: alpine\nalpine: v3.22\nstemcells: [bash]\nenv: {OW_STEMCELL: perl}\n", `x.yaml:5:1: OW_STEMCELL="perl": want bash`},
		{"port of dockerskeleton", scratch + "env: {OW_PROTOCOL: v0, FLASK_PROXY_PORT: x}\n", `x.yaml:3:1: FLASK_PROXY_PORT="x": want a port, 0 to 65535`},
		{"release without v", "name: x\nbase: alpine\nalpine: '3.20'\n", `x.yaml:3:9: "3.20" is not an Alpine release such as v3.22 (did you mean "v3.20"?)`},
		{"alpine without release", "name: x\nbase: alpine\n", `x.yaml:2:1: base alpine needs the release: alpine: v3.22`},
		{"release on scratch", scratch + "alpine: v3.22\n", `x.yaml:3:1: an Alpine release means nothing on base scratch`},
		{"packages on scratch", scratch + "packages: [curl]\n", `x.yaml:3:1: packages cannot be installed on base scratch`},
		{"stemcell on scratch", scratch + "stemcells: [go, bash]\n", `x.yaml:3:17: stemcell bash needs Alpine packages (bash, jq), which base scratch does not have; take base: alpine`},
		{"stemcell with a slip", alpine + "stemcells: [rubi]\n", `x.yaml:4:13: unknown stemcell "rubi"; there are bash, go, ruby (did you mean "ruby"?)`},
		{"stemcell twice", alpine + "stemcells: [bash, bash]\n", `x.yaml:4:19: "bash" is there twice`},
		{"text for a list", alpine + "stemcells: bash\n", `x.yaml:4:12: want a list such as [bash], got text`},
		{"nothing for a list", alpine + "packages:\n", `x.yaml:4:11: want a list such as [curl], got nothing`},
		{"bad package", alpine + "packages: [\"curl; rm\"]\n", `x.yaml:4:12: "curl; rm" is not an Alpine package`},
		{"list for text", scratch + "description: [a]\n", `x.yaml:3:14: want text, got a list`},
		{"two lines", scratch + "description: |\n  a\n  b\n", `x.yaml:3:14: want one line of text`},
		{"list for names", scratch + "env: [A]\n", `x.yaml:3:6: want names with values such as {OW_PROTOCOL: auto}, got a list`},
		{"variable with a minus", scratch + "env: {A-B: c}\n", `x.yaml:3:7: "A-B" cannot be the name of an environment variable`},
		{"variable that is a number", scratch + "env:\n  OW_PORT: 8080\n", `x.yaml:4:12: want text, got a number; put it into quotes: "8080"`},
		{"variable that is true", scratch + "env: {A: true}\n", `x.yaml:3:10: want text, got true or false; put it into quotes: "true"`},
		{"variable twice", scratch + "env: {A: a, A: b}\n", `x.yaml:3:13: key "A" is there twice; the first is in line 3`},
		{"NUL in a variable", scratch + `env: {A: "\0"}`, `x.yaml:3:7: the value of A has a NUL character`},
		{"label without a name", scratch + "labels: {\"\": a}\n", `x.yaml:3:10: "" cannot be the name of a label`},
		{"platform with a slip", scratch + "platforms: [linux/amd46]\n", `x.yaml:3:13: platform "linux/amd46" is not supported; images are built for linux/amd64, linux/arm64, linux/arm/v7, linux/ppc64le, linux/riscv64 and linux/s390x (did you mean "linux/amd64"?)`},
		{"platform far away", scratch + "platforms: [windows/amd64]\n", `x.yaml:3:13: platform "windows/amd64" is not supported; images are built for linux/amd64, linux/arm64, linux/arm/v7, linux/ppc64le, linux/riscv64 and linux/s390x`},
		{"a path of Windows", scratch + "action: ..\\hello\n", `x.yaml:3:9: "..\\hello": write / between folders, which is right on every system`},
		{"no platform", scratch + "platforms: []\n", `x.yaml:3:1: no platform; leave the key out to build for linux/amd64 and linux/arm64`},
		{"budget without unit", scratch + "budget: 6500000\n", `x.yaml:3:9: want a size with a unit, such as 6500000B or 6.5MB`},
		{"budget with a wrong unit", scratch + "budget: 6.5MiB\n", `x.yaml:3:9: "6.5MiB" is not a size such as 6.5MB`},

		{"empty", "", `x.yaml: is empty`},
		{"only comments", "# a\n\n# b\n", `x.yaml: is empty`},
		{"only a marker", "---\n", `x.yaml: is empty`},
		{"a word", "scratch\n", `x.yaml:1:1: want keys and values, such as name: x, got text`},
		{"a list", "- name: x\n", `x.yaml:1:1: want keys and values, such as name: x, got a list`},
		{"two documents", scratch + "---\n" + scratch, `x.yaml:4:1: a second document; a definition is one document`},
		{"anchor", "name: &a x\nbase: scratch\n", `x.yaml:1:7: anchors, aliases and tags are not used in a definition`},
		{"alias", scratch + "description: *a\n", `x.yaml:3:14: anchors, aliases and tags`},
		{"merge", scratch + "<<: {action: a}\n", `x.yaml:3:1: anchors, aliases and tags`},
		{"tag", "name: !!str x\nbase: scratch\n", `x.yaml:1:7: anchors, aliases and tags`},
		{"directive", "%YAML 1.2\n---\n" + scratch, `x.yaml:1:1: directives are not used in a definition`},
		{"byte order mark", "\ufeff" + scratch, `x.yaml:1:1: starts with a byte order mark`},
		{"UTF-16", "n\x00a\x00m\x00e\x00", `x.yaml:1:2: a control character (U+0000)`},
		{"Latin-1", scratch + "description: caf\xe9\n", `x.yaml:3:17: not UTF-8`},
		{"tab", scratch + "env:\n\tA: b\n", `x.yaml:4:1: a tab in the indentation; YAML takes spaces only`},
		{"bracket not closed", scratch + "platforms: [linux/amd64\n", `x.yaml:3:12: not valid YAML: `},
		{"quote not closed", scratch + "description: 'a\n", `x.yaml:3:14: not valid YAML: `},
		{"nested", scratch + "platforms: " + strings.Repeat("[", 30000), `x.yaml:3:20: brackets are nested too deep`},
		{"large", scratch + strings.Repeat("# more\n", 10000), `x.yaml: larger than 64 KiB, which no definition is`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := Parse("x.yaml", []byte(test.text), stemcells())
			if err == nil {
				t.Fatal("accepted")
			}
			if got := err.Error(); !strings.HasPrefix(got, test.want) || strings.Contains(got, "\n") {
				t.Errorf("\n got %s\nwant %s", got, test.want)
			}
		})
	}
}

func TestParseTellsAllMistakesInOrder(t *testing.T) {
	_, err := Parse("x.yaml", []byte("name: y\nbsae: scratch\nbudget: much\n"), nil)
	want := `x.yaml:1:1: the key base is missing
x.yaml:1:7: the image is named "y", so its file must be y.yaml
x.yaml:2:1: unknown key "bsae" (did you mean "base"?); the keys are action, alpine, base, budget, description, entrypoint, env, files, labels, main, name, packages, platforms, run, stemcells
x.yaml:3:9: "much" is not a size such as 6.5MB (units are B, kB, MB and GB)`
	if err == nil || err.Error() != want {
		t.Errorf("\n got %v\nwant %s", err, want)
	}
}

func TestParseDoesNotCheckUnknownStemcellsWithoutTable(t *testing.T) {
	if _, err := Parse("x.yaml", []byte("name: x\nbase: scratch\nstemcells: [perl]\n"), nil); err != nil {
		t.Error(err)
	}
}

// FuzzParse holds that Parse never panics, that every mistake is one line, and that an accepted definition has the same
// meaning after it is written as JSON, which is YAML, and read again.
func FuzzParse(f *testing.F) {
	f.Add([]byte("name: x\nbase: alpine\nalpine: v3.22\nstemcells: [bash]\npackages: [curl]\naction: a\nenv: {A: b}\nlabels: {c: d}\nplatforms: [linux/arm64]\nbudget: 6.5MB\n"))
	f.Add([]byte("name: x\nbase: scratch\ndescription: >-\n  a\n  b\n"))
	f.Add([]byte("name: x\nbase: scratch\nenv: {A: \"\\u003c\\x41 \\\" é\"}\n"))
	f.Add([]byte("? a\n: b\n<<: *c\n--- !!map\n&d [e"))
	f.Fuzz(func(t *testing.T, data []byte) {
		first, err := Parse("x.yaml", data, stemcells())
		if err != nil {
			for _, mistake := range err.(interface{ Unwrap() []error }).Unwrap() {
				if strings.ContainsAny(mistake.Error(), "\n\r") {
					t.Errorf("several lines: %q", mistake)
				}
			}
			return
		}
		first.AnyPlatform = false // what is written has them
		written, err := json.Marshal(first)
		if err != nil {
			t.Fatal(err)
		}
		second, err := Parse("x.yaml", written, stemcells())
		if err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if diff := cmp.Diff(first, second); diff != "" {
			t.Errorf("%s: %s", written, diff)
		}
	})
}
