package stemcells_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestBashExample(t *testing.T) {
	text, err := os.ReadFile("bash/example.sh")
	if err != nil {
		t.Fatal(err)
	}
	s := bash().start(t, string(text))
	s.expect([]run{
		{`{"name":"Mike"}`, `{"greetings":"Hello, Mike"}`, "activation a1\n"},
		{`{}`, `{"greetings":"Hello, world"}`, "activation a1\n"},
		{`{"name":"❄ ☃ ❄"}`, `{"greetings":"Hello, ❄ ☃ ❄"}`, ""},
		{`[]`, `{"error":"main ended with status 5 at main.sh line 4: jq -c '{greetings: \"Hello, \\(.name // \"world\")\"}'"}`, "jq: error"},
		{`{"name":"Anna"}`, `{"greetings":"Hello, Anna"}`, ""},
	})
	s.end()
}

// echo answers with the value.
const echo = `main() { printf '%s' "$1"; }`

// The value arrives byte for byte, wherever it stands in the request.
func TestBashValue(t *testing.T) {
	s := bash().start(t, echo)
	for _, value := range []string{
		`{}`, `[]`, `{"a":1}`, `{ "a" : 12345678901234567890.10 }`, `{"a":"\u2744 \" \\ }],{"}`, `{"a":{"b":{}},"c":"d"}`,
		`[{"a":1},{"b":[2,[3]]}]`, `{"value":{"value":1},"x":[]}`, `{"a":"\\"}`, `{"*":"$(id) ` + "`id`" + ` ${x} * ~"}`,
		`{"__ow_headers":{"accept":"*/*"},"__ow_path":"","list":[1,true,null,-1.5e-3,""]}`,
	} {
		for _, request := range []string{
			`{"value":` + value + `}`,
			`{"value":` + value + `,"activation_id":"x"}`,
			`{"activation_id":"x","value":` + value + `}`,
			` { "activation_id" : "x" , "deadline" : 12 , "value" : ` + value + ` , "namespace" : "a , b" , "n":null } `,
		} {
			if got := s.request(request); got != value {
				t.Errorf("%s\ngot  %s\nwant %s", request, got, value)
			}
		}
	}
	s.end()
}

// Requests that the shell does not take apart by itself.
func TestBashUnusualRequests(t *testing.T) {
	s := bash().start(t, `main() { jq -cn --argjson v "$1" --arg id "${__OW_ACTIVATION_ID-}" --arg x "${__OW_X-none}" '{$v,$id,$x}'; }`)
	for request, want := range map[string]string{
		`{}`:                                 `{"v":{},"id":"","x":"none"}`,
		`{"activation_id":"a"}`:              `{"v":{},"id":"a","x":"none"}`,
		`{"value":null,"activation_id":"a"}`: `{"v":{},"id":"a","x":"none"}`,
		`{"value":{"a":{}},"x":{"b":{}},"activation_id":"a"}`: `{"v":{"a":{}},"id":"a","x":"{\"b\":{}}"}`,
		`{"x":"'\"\\\n$(id)","value":[],"activation_id":"a"}`: `{"v":[],"id":"a","x":"'\"\\\n$(id)"}`,
		`{"activation_id":"value","value":{"b":1}}`:           `{"v":{"b":1},"id":"value","x":"none"}`,
		`{"activation_id":"a","\u0076alue":{"b":1}}`:          `{"v":{"b":1},"id":"a","x":"none"}`,
		`{"value":{"b":1},"activation_id":"a","x":"a } b"}`:   `{"v":{"b":1},"id":"a","x":"a } b"}`,
		`{"a-b":"c","value":{"b":1},"a=b":"c"}`:               `{"v":{"b":1},"id":"","x":"none"}`,
		`{"x":true,"value":{"b":1},"activation_id":12.50}`:    `{"v":{"b":1},"id":"12.50","x":"true"}`,
	} {
		if got := s.request(request); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", request, got, want)
		}
	}
	s.end()
}

func TestBashLargeValues(t *testing.T) {
	s := bash().start(t, echo)
	want := megabyte()
	got := s.run(want)
	if !json.Valid([]byte(got)) || len(got) < 900_000 {
		t.Errorf("got %d bytes: %.100s", len(got), got)
	}
	flat := `{"text":"` + strings.Repeat("x", 1<<20) + `"}`
	if got := s.run(flat); got != flat {
		t.Errorf("got %d bytes: %.100s, want %d", len(got), got, len(flat))
	}
	for size := 4050; size < 4150; size++ { // around the length that is read at once
		value := `{"t":"` + strings.Repeat("y", size-170) + `"}`
		if got := s.run(value); got != value {
			t.Fatalf("%d: got %d bytes: %s", size, len(got), got)
		}
	}
	s.end()
}

func TestBashErrors(t *testing.T) {
	s := bash().start(t, `set -euo pipefail
main() {
  case "$1" in
  *false*) false
    echo '{"later":1}' ;;
  *pipe*) grep -q x /dev/null | cat ;;
  *unset*) echo "$nothing" ;;
  *unknown*) no-such-program ;;
  *exit*) inner ;;
  *return*) return 4 ;;
  *kill*) kill -9 $BASHPID ;;
  *trap*) trap 'echo cleaned >&2' EXIT; false ;;
  *own*) echo '{"error":"my own"}'; exit 1 ;;
  *) echo '{"fine":1}' ;;
  esac
}
inner() {
  exit 3
}`)
	s.expect([]run{
		{`["fine"]`, `{"fine":1}`, ""},
		{`["false"]`, `{"error":"main ended with status 1 at main.sh line 4: false"}`, ""},
		{`["pipe"]`, `{"error":"main ended with status 1 at main.sh line 6: cat"}`, ""},
		{`["unset"]`, `{"error":"main ended with status 1; the log says more"}`, "main.sh: line 7: nothing: unbound variable"},
		{`["unknown"]`, `{"error":"main ended with status 127 at main.sh line 8: no-such-program"}`, "main.sh: line 8: no-such-program: command not found"},
		{`["exit"]`, `{"error":"main ended with status 3 at main.sh line 18: exit 3"}`, ""},
		{`["return"]`, `{"error":"main ended with status 4; the log says more"}`, ""},
		{`["kill"]`, `{"error":"main was ended by the signal KILL"}`, ""},
		{`["trap"]`, `{"error":"main ended with status 1; the log says more"}`, "cleaned\n"},
		{`["own"]`, `{"error":"my own"}`, ""},
		{`["fine"]`, `{"fine":1}`, ""},
	})
	s.end()
}

func TestBashResults(t *testing.T) {
	s := bash().start(t, `main() { eval "$(jq -r '.[0]' <<EOF
$1
EOF
)"; }`)
	const must = "; it must print a JSON object or array"
	const stderr = must + ", and write to stderr what is meant for the log"
	s.expect([]run{
		{`["echo [1]"]`, `[1]`, ""},
		{`["echo; echo; echo []; echo"]`, `  []`, ""},
		{`["printf '{\n\t\"a\":\r\n1}\n\n'"]`, `{  "a":  1}`, ""},
		{`["jq -n '{a:{b:[1,2]}}'"]`, `{   "a": {     "b": [       1,       2     ]   } }`, ""},
		{`[":"]`, `{"error":"main printed nothing` + must + `"}`, ""},
		{`["exit 0"]`, `{"error":"main printed nothing` + must + `"}`, ""},
		{`["echo '\"text\"'"]`, `{"error":"main printed a string` + stderr + `"}`, "\"text\"\n"},
		{`["echo 1"]`, `{"error":"main printed a number` + stderr + `"}`, "1\n"},
		{`["echo {hello}"]`, `{"error":"main printed what is not JSON` + stderr + `"}`, "{hello}\n"},
		{`["echo '{\"a\":1'"]`, `{"error":"main printed what is not JSON` + stderr + `"}`, ""},
		{`["echo debug; echo []"]`, `{"error":"main printed what is not JSON` + stderr + `"}`, "debug\n[]\n"},
		{`["echo {}; echo []"]`, `{"error":"main printed more than one value` + stderr + `"}`, "{}\n[]\n"},
		{`["echo log >&2; echo []"]`, `[]`, "log\n"},
	})
	s.end()
}

// Nothing that a run does reaches the next one, and no run reaches the protocol.
func TestBashIsolation(t *testing.T) {
	s := bash().start(t, `count=0
main() {
  count=$((count + 1))
  echo $((count)) "${__OW_EXTRA-none}" "${leak-none}" "$PWD" >&2
  leak=yes
  export __OW_LEAK=yes
  cd /
  exec 9>/dev/null
  main2() { :; }
  { echo '{"forged":1}' >&3; } 2>/dev/null || echo "no 3" >&2
  { echo '{"forged":1}' >&200; } 2>/dev/null || echo "no 200" >&2
  { read -r -u 201; } 2>/dev/null || echo "no 201" >&2
  [[ -e /proc/$BASHPID/fd/3 || -e /proc/$BASHPID/fd/200 || -e /proc/$BASHPID/fd/201 ]] && echo "open" >&2
  read -r line || echo "no input" >&2
  echo '{}'
}`)
	const log = "no 3\nno 200\nno 201\nno input\n"
	dir := s.cmd.Dir
	if got := s.request(`{"value":{},"extra":"yes"}`); got != "{}" {
		t.Error(got)
	}
	if got := s.logged(); got != "1 yes none "+dir+"\n"+log {
		t.Errorf("logged %q", got)
	}
	s.expect([]run{{`{}`, `{}`, "1 none none " + dir + "\n" + log}})
	s.end()
}

// A file may set options for itself; they hold in main and harm nothing else.
func TestBashOptions(t *testing.T) {
	s := bash().start(t, `set -euf -o pipefail -o noclobber -o allexport
shopt -s nocasematch nullglob extglob failglob
IFS=,
LC_ALL=POSIX
main() {
  words='a,b' count=0
  for word in $words; do count=$((count + 1)); done
  [[ A == a && $- == *e* && $- == *u* && $- == *f* && $- == *a* && -o pipefail ]] && echo "options $count $LC_ALL *" >&2
  printf '%s' "$1"
}`)
	s.expect([]run{
		{`{"a":{"b":[]},"c":"d,e"}`, `{"a":{"b":[]},"c":"d,e"}`, "options 2 POSIX *\n"},
		{`{"a":"*"}`, `{"a":"*"}`, "options 2 POSIX *\n"},
	})
	s.end()
}

func TestBashEnvironment(t *testing.T) {
	s := bash().start(t, `main() { env | grep ^__OW | sort >&2; echo '{}'; }`, "__OW_API_HOST=https://host", "__OW_NAMESPACE=before")
	s.expect([]run{{`{}`, `{}`, `__OW_ACTION_NAME=/guest/greet
__OW_ACTION_VERSION=0.0.1
__OW_ACTIVATION_ID=a1
__OW_API_HOST=https://host
__OW_API_KEY=x:y
__OW_DEADLINE=4102444800000
__OW_NAMESPACE=guest
__OW_NATIVE_PROTOCOL=2
__OW_TRANSACTION_ID=t1
__OW_WAIT_FOR_ACK=1
`}})
	if s.request(`{"value":{}}`); s.logged() != "__OW_API_HOST=https://host\n__OW_NAMESPACE=before\n__OW_NATIVE_PROTOCOL=2\n__OW_WAIT_FOR_ACK=1\n" {
		t.Error("variables of the run before are still there")
	}
	s.end()
}

func TestBashLoad(t *testing.T) {
	t.Run("top level", func(t *testing.T) {
		s := bash().start(t, `echo loading
declare -A table=([a]=1)
start=$SECONDS
main() { echo "${table[a]}" >&2; echo '{}'; }
trap 'echo bye >&2' EXIT
[[ ${BASH_SOURCE[0]} == "$0" ]] && main '{}'`)
		s.expect([]run{{`{}`, `{}`, "loading\n1\n"}})
		if log := s.end(); log != "bye\n" {
			t.Errorf("logged %q", log)
		}
	})
	t.Run("other function, other file", func(t *testing.T) {
		dir := folder(t, "main.sh", "source ./lib.sh\nhello() { greet; }", "lib.sh", `greet() { echo '{"a":1}'; }`)
		s := bash().begin(t, dir, "hello").ready()
		s.expect([]run{{`{}`, `{"a":1}`, ""}})
		s.end()
	})
	t.Run("no function", func(t *testing.T) {
		s := bash().start(t, "mian() { :; }")
		s.expect([]run{{`{}`, `{"error":"main.sh has no function main"}`, ""}, {`{}`, `{"error":"main.sh has no function main"}`, ""}})
		s.end()
	})
	for name, test := range map[string]struct{ source, want string }{
		"syntax error": {"main() {\n  if true\n}\n", "main.sh: line 3: syntax error"},
		"end of file":  {"main() {\n  echo '\n}\n", "main.sh: line 2: unexpected EOF"},
		"set -e":       {"set -e\nload() {\n  false\n}\nload", "main.sh could not be loaded: status 1 at main.sh line 3: false\n"},
		"exit":         {"\nexit 7", "main.sh could not be loaded: status 7 at main.sh line 2: exit 7\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if log := bash().begin(t, folder(t, "main.sh", test.source), "main").fails(); !strings.Contains(log, test.want) {
				t.Errorf("logged %q, want %q", log, test.want)
			}
		})
	}
}

// Nothing is written anywhere, for a container may be read-only. A folder that is no folder shows it.
func TestBashWritesNoFiles(t *testing.T) {
	s := bash().start(t, echo, "TMPDIR=/dev/null/nowhere")
	for _, value := range []string{megabyte(), `{"a":{"b":1},"c":2}`} {
		if got := s.run(value); strings.HasPrefix(got, `{"error"`) {
			t.Errorf("got %.200s", got)
		}
	}
	if log := s.logged(); log != "" {
		t.Errorf("logged %q", log)
	}
	launcher, err := os.ReadFile(filepath.FromSlash("bash/launcher.sh"))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(launcher)) {
		if !strings.HasPrefix(line, "#") && strings.Contains(line, "<<") {
			t.Errorf("a here-document: %s", line)
		}
	}
	s.end()
}

func TestBashManyRuns(t *testing.T) { manyRuns(t, bash().start(t, echo)) }

// manyRuns makes 200 runs and holds the launcher's descriptors and memory against those after 20.
func manyRuns(t *testing.T, s *session) {
	t.Helper()
	var descriptors, resident int
	for i := range 200 {
		value := `{"n":"` + strings.Repeat("x", i) + `"}`
		if got := s.run(value); got != value {
			t.Fatalf("run %d: got %s", i, got)
		}
		if i == 20 {
			descriptors, resident = s.descriptors(), s.resident()
		}
	}
	if now := s.descriptors(); now > descriptors+5 { // it may be in the middle of a redirection
		t.Errorf("%d descriptors after 200 runs, %d after 20", now, descriptors)
	}
	if now := s.resident(); now > resident+2048 {
		t.Errorf("%d kB after 200 runs, %d kB after 20", now, resident)
	}
	s.end()
}
