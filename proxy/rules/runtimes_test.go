package rules

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// A runtime is an image whose proxy ours replaces: the environment and the working directory that its Dockerfile gives,
// and a compiler that treats the folders as that of the runtime does. What the compiler makes runs a function of the
// shell: $1 is the value, descriptor 3 takes the result.
type runtime struct {
	workdir  string
	env      []string
	compiler string // "" for none: the upload is a program
}

// loop are the lines of a program that source a function from $file and serve runs.
const loop = `[ -z "$__OW_WAIT_FOR_ACK" ] || echo "{\"ok\":true}" >&3
while read -r line; do line=${line#*"\"value\":"}; line=${line%%"}"}; line=${line%%",\"deadline\":\"123\""}; main "$line"; done
`

// program are lines of a compiler that make the program $3/exec, which sources the file $file.
const program = `mkdir -p "$3"
{ echo "#!/bin/sh"; echo "cd \"$(dirname "$file")\""; echo ". \"$file\""; cat <<'end'
` + loop + `end
} >"$3/exec"
chmod +x "$3/exec"
`

var runtimes = map[string]runtime{
	// The compilers of python and node put the sources in the place of the programs.
	"python": {"", []string{"OW_LOG_INIT_ERROR=1", "OW_WAIT_FOR_ACK=1", "OW_EXECUTION_ENV=a/python"},
		`rmdir "$3"; mv "$2" "$3"; mv "$3/exec" "$3/main__"; file=$3/main__; printf %s "$__OW_EXECUTION_ENV" >"$3/exec.env"
` + program},
	"node": {"app", []string{"OW_LOG_INIT_ERROR=1", "OW_WAIT_FOR_ACK=1", "OW_EXECUTION_ENV=a/node", "PORT=3000"},
		`rmdir "$3"; mv "$2" "$3"; mv "$3/exec" "$3/index"; file=$3/index; printf %s "$__OW_EXECUTION_ENV" >"$3/exec.env"
` + program},
	"ruby": {"proxy", nil, `rmdir "$3"; mv "$2" "$3"; mv "$3/exec" "$3/main__"; file=$3/main__
` + program},
	// That of php leaves them where they are.
	"php": {"phpAction", nil, `mv "$2/exec" "$2/index"; file=$2/index
` + program},
	// That of java tries what it made, without descriptor 3.
	"java": {"javaAction", []string{"OW_SAVE_JAR=exec.jar"}, `rmdir "$3"; mv "$2" "$3"; mv "$3/exec" "$3/Main"; file=$3/Main
` + program + `"$3/exec" -exit 3>&- </dev/null`},
	// That of rust takes the sources away, and brings a program.
	"rust": {"action", nil, `away=$(cd "$2/../../.." && pwd)/away; mv "$2" "$away"; file=$away/exec
` + program},
	"go": {"action", []string{"OW_LOG_INIT_ERROR=1", "OW_WAIT_FOR_ACK=1", "OW_EXECUTION_ENV=a/go"},
		`printf %s "$__OW_EXECUTION_ENV" >"$3/exec.env"; file=$2/exec
` + program},
	"actionloop-base": {"action", []string{"OW_PROTOCOL=actionloop"}, ""},
}

// in starts the proxy as the image of a runtime does.
func (r runtime) in(t *testing.T, more ...setting) *proxy {
	t.Helper()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(dir, r.workdir)
	if err := os.MkdirAll(dir, 0o777); err != nil {
		t.Fatal(err)
	}
	settings := []setting{testkit.Env(r.env...), without(dir)}
	if r.compiler != "" {
		settings = append(settings, compiler(t, "set -e\n"+r.compiler))
	}
	return start(t, append(settings, more...)...)
}

// source is what is uploaded for a function of the shell.
func (r runtime) source(function string) string {
	if r.compiler == "" {
		return "#!/bin/sh\n" + function + "\n" + loop
	}
	return function + "\n"
}

// The suites of public runtimes, in short: each case of them that a proxy can fail.
func TestRuntimes(t *testing.T) {
	t.Parallel()
	const echo = `main() { echo hello stdout; echo hello stderr >&2; echo "$1" >&3; }`
	for name, r := range runtimes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			t.Run("no code", func(t *testing.T) {
				p := r.in(t)
				for _, body := range []string{"{}", `{"value":{}}`, testkit.InitBody("", nil)} {
					if got := p.Post("/init", body); got != testkit.Failed(403, "Missing main/no code to execute.") {
						t.Errorf("%s: got %s", body, got)
					}
				}
				if got := p.Run("{}"); got != testkit.Failed(500, "no action defined yet") {
					t.Errorf("run: %s", got)
				}
			})
			t.Run("echo", func(t *testing.T) {
				logs, here := testkit.Collect(t)
				p := r.in(t, here).ready(r.source(echo))
				for _, value := range []string{`{"string":"❄ ☃ ❄"}`, `{"numbers":[42,1]}`, `["a","b"]`, `{"arg":"` + strings.Repeat("a", 1<<20) + `"}`} {
					if got := p.Run(value); got.Status != 200 || strings.TrimSpace(got.Body) != value {
						t.Errorf("%.60s: got %s", value, got)
					}
					if got := logs.Activation(); got != [2]string{"hello stdout\n", "hello stderr\n"} {
						t.Errorf("logged %q", got)
					}
				}
				if got := p.Init(r.source(echo)); got != testkit.Failed(403, "Cannot initialize the action more than once.") {
					t.Errorf("a second init: %s", got)
				}
			})
			t.Run("quiet", func(t *testing.T) {
				for function, want := range map[string]answer{
					`main() { echo '"not an object"' >&3; }`:  testkit.Failed(502, "The action did not return a dictionary or array."),
					`main() { exit 1; }`:                      testkit.Failed(400, "command exited"),
					`main() { echo '{"error":"mine"}' >&3; }`: testkit.OK(`{"error":"mine"}`),
				} {
					logs, here := testkit.Collect(t)
					p := r.in(t, here).ready(r.source(function))
					got := p.Post("/run", `{"value":{},"deadline":"123"}`)
					got.Body = strings.TrimSpace(got.Body)
					want.Body = strings.TrimSpace(want.Body)
					if got != want {
						t.Errorf("%s: got %s, want %s", function, got, want)
					}
					if got := logs.Activation(); got != [2]string{} {
						t.Errorf("%s: logged %q", function, got)
					}
				}
			})
			t.Run("environment", func(t *testing.T) {
				const show = `before=$SOME_VAR; main() { echo "{\"some\":\"$before\",\"host\":\"$__OW_API_HOST\"}" >&3; }`
				p := r.in(t, testkit.Env("__OW_API_HOST=https://host"))
				if got := p.Post("/init", initWith(r.source(show), `{"SOME_VAR":"x=y","ANOTHER":""}`)); got.Status != 200 {
					t.Fatalf("init: %s", got)
				}
				if got := p.Run("{}"); strings.TrimSpace(got.Body) != `{"some":"x=y","host":"https://host"}` {
					t.Errorf("got %s", got)
				}
			})
		})
	}
}
