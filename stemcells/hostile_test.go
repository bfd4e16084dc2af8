package stemcells_test

import (
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
)

// A hostile file is correct for its language and does not think of the launcher.
type hostile struct {
	source string
	log    string // what each run logs, in part
}

// survives starts a launcher on each file and makes some runs, of which the launcher itself has nothing to log.
func survives(t *testing.T, l language, files map[string]hostile) {
	t.Helper()
	for name, file := range files {
		t.Run(name, func(t *testing.T) {
			s := l.start(t, file.source)
			for request, want := range map[string]string{
				`{"value":{"a":{"b":[1]}},"activation_id":"a1"}`:  `{"a":{"b":[1]}}`,
				`{"x":"1\u001e2","value":{"a":{"b":[1]}},"y":{}}`: `{"a":{"b":[1]}}`,
				`{"value":["a","b"]}`:                             `["a","b"]`,
			} {
				if got := s.request(request); got != want {
					t.Errorf("%s: got %s", request, got)
				}
				if log := s.logged(); !strings.Contains(log, file.log) || strings.Contains(log, "launcher.") {
					t.Errorf("%s: logged %q", request, log)
				}
			}
			s.end()
		})
	}
}

// Names of commands and readonly variables are the file's to use, and what it sets up holds in its function only.
func TestBashHostileFiles(t *testing.T) {
	const main = "\nmain() { echo \"$1\"; }\n"
	files := map[string]hostile{
		"functions": {`printf() { echo "my printf" >&2; }; main() { printf; echo "$1"; }`, "my printf\n"},
		"all builtins": {`say=$(type -P echo)
for word in $(compgen -b); do [[ $word == [a-z]* && $word != eval ]] && eval "$word() { $say mine: $word >&2; }"; done
eval() { :; }
main() { cd; $say "$1"; }`, "mine: cd\n"},
		"programs":   {`jq() { echo my jq >&2; }; head() { false; }; tr() { false; }; main() { jq; echo "$1"; }`, "my jq\n"},
		"PATH":       {`PATH=/nowhere` + main, ""},
		"disabled":   {`enable -n printf local declare read shopt export kill` + main, ""},
		"aliases":    {`shopt -s expand_aliases; alias return='false;' builtin='false ' eval=false printf=false set=false trap=false while=until` + main, ""},
		"IFS":        {`IFS='"{:'` + main, ""},
		"strict":     {`set -Eeuo pipefail; readonly IFS=$'\n\t'; export LC_ALL=C.UTF-8; readonly LC_ALL` + main, ""},
		"readonly":   {`readonly i=1 name=2 text=3 status=4 parts=5 inner=6 separator=7 left=8 kind=9 rest=10 before=11 answer=12` + main, ""},
		"attributes": {`declare -i i rest=1 name; declare -u text kind result; declare -A parts` + main, ""},
		"timeout":    {`TMOUT=1` + main, ""},
		"hardened":   {`readonly TMOUT=900 PATH=/usr/bin:/bin HISTFILE=/dev/null; umask 077` + main, ""},
		"traps": {`set -T; trap 'echo debug >&2' DEBUG; trap 'echo returned >&2' RETURN; trap 'echo failed >&2' ERR; trap '' PIPE; trap 'echo child >&2' CHLD
main() { false; echo "$1"; }`, "failed\n"},
		"extdebug":    {`shopt -s extdebug` + main, ""},
		"POSIX":       {`set -o posix` + main, ""},
		"noisy":       {`set -xv` + main, "+ echo "},
		"descriptors": {`exec 0<&- 3>&- 200>&- 201<&- 200>/dev/null` + main, ""},
		"stdout":      {`exec >&-` + main, ""},
		"stderr":      {`exec 2>&-` + main, ""},
		"both":        {`exec 0<&- >&- 2>&-` + main, ""},
		"options":     {`set -fCak -o noclobber; shopt -s nocasematch nullglob failglob lastpipe localvar_inherit; GLOBIGNORE='*'` + main, ""},
	}
	survives(t, bash(), files)

	const closing = `for fd in /proc/self/fd/*; do fd=${fd##*/}; (( fd < 3 )) || eval "exec $fd>&-"; done`
	for _, opening := range []string{
		"",
		"; exec 10</etc/passwd 11</etc/passwd",
		"; for fd in {10..20}; do eval \"exec $fd>/dev/null\"; done",
	} {
		log := bash().begin(t, folder(t, "main.sh", closing+opening+main), "main").fails()
		if !strings.HasSuffix(log, "main.sh closed descriptors that it had not opened\n") {
			t.Errorf("closed%s: logged %q", opening, log)
		}
	}
}

// U+001E and every other character may stand in a member; a variable ends at U+0000.
func TestBashMembersOfAnyText(t *testing.T) {
	s := bash().start(t, `main() { printf '%s' "$__OW_X" | jq -Rsc '{x:.}'; }`)
	for text, want := range map[string]string{
		`""`:                      `""`,
		`"\u001e"`:                `"\u001e"`,
		`"a\u001eb\u001e"`:        `"a\u001eb\u001e"`,
		`"\u001e__ow_names+=(x)"`: `"\u001e__ow_names+=(x)"`,
		`"'"`:                     `"'"`,
		`"\n\n'\n"`:               `"\n\n'\n"`,
		`"$(id)\\"`:               `"$(id)\\"`,
		`"❄\u2603"`:               `"❄☃"`,
		`"\u0001\u001f"`:          `"\u0001\u001f"`,
		`"1\u00002"`:              `"1"`,
		`"\u0000"`:                `""`,
	} {
		if got := s.request(`{"x":` + text + `,"value":{"y":{}},"z":{"u":[]}}`); got != `{"x":`+want+`}` {
			t.Errorf("%s: got %s", text, got)
		}
	}
	if got := s.request(`{"x":"a\u001e","value":{},"y":"` + strings.Repeat(`\n`, 100_000) + `"}`); got != `{"x":"a\u001e"}` {
		t.Errorf("got %.200s", got)
	}
	s.end()
}

// secret is a part of requests that stands in no message about them.
const secret = "23bc46b1:SECRET"

// unreadable are requests that no proxy should send, and what no reader likes.
var unreadable = []string{
	`{"value":{"name":"\ud800"},"activation_id":"a1","api_key":"%s"}`,
	`{"value":{"name":"x"},"api_key":"%s"`,
	`{"value":{"name":"x"},"api_key":"%s",}`,
	`{"value":{"name":"x"} "api_key":"%s"}`,
	`{"value":{},"api_key":"%s","x":NaN}`,
	`{"value":{},"%s":01}`,
	`"%s"`,
	`["%s"]`,
	`%s`,
	`{"value":{},"api_key":"%s` + "\xff" + `"}`,
	`{"value":{},"` + "\xff" + `":"%s","x":["` + "\xff" + `"]}`,
	`{"value":{},"%s=":"\u0000","\u0000":"%[1]s"}`,
	`{"value":{"x":` + strings.Repeat("[", 11000) + `},"api_key":"%s"}`,
	`{"value":"%s"}`,
	`'%s'"`,
	`{"a'\u001e":{"%s":"'\u001e'"},"value":{},"b":"\u001e'%[1]s"}`,
}

// tellsNothing makes unreadable requests, after which the launcher still answers.
func tellsNothing(t *testing.T, s *session) {
	t.Helper()
	for _, request := range unreadable {
		request = fmt.Sprintf(request, secret)
		if got := s.request(request); strings.Contains(got, "SECRET") {
			t.Errorf("%.100s\nis answered by %s", request, got)
		}
		if log := s.logged(); strings.Contains(log, "SECRET") {
			t.Errorf("%.100s\nis logged: %s", request, log)
		}
	}
	s.expect([]run{{`{}`, `{"fine":true}`, ""}})
	s.end()
}

func TestBashTellsNothingOfRequests(t *testing.T) {
	tellsNothing(t, bash().start(t, `main() { echo '{"fine":true}'; }`))
}

func TestRubyHostileFiles(t *testing.T) {
	const main = "\ndef main(args) = args\n"
	survives(t, ruby(), map[string]hostile{
		"methods": {`%i[puts print p warn exit exit! abort raise load require method respond_to? send log run read write answer gets
	flush clean describe leave say system sleep loop test open select fork trap name start serve format proc].each do |name|
  Object.define_method(name) { |*| STDERR.write("mine\n") }
end
def main(args) = (puts; args)`, "mine\n"},
		"Kernel":       {`module Kernel; def raise(*) = nil; def exit(*) = nil; def warn(*) = nil; def puts(*) = nil; end` + main, ""},
		"JSON methods": {`module JSON; def self.parse(*) = "mine"; def self.generate(*) = "mine"; end` + main, ""},
		"no JSON":      {`Object.send(:remove_const, :JSON)` + main, ""},
		"to_json":      {`class Object; def to_json(*) = "mine"; end; class Hash; def to_json(*) = "mine"; end; class Array; def to_json(*) = "mine"; end` + main, ""},
		"globals":      {`$/ = "x"; $\ = "y"; $, = "z"; $; = "w"; $VERBOSE = true; $PROGRAM_NAME = "other"` + main, ""},
		"no line ends": {`$/ = nil` + main, ""},
		"streams":      {`require "stringio"; $stdout = StringIO.new; $stdin = nil` + main, ""},
		"closed":       {`STDIN.close; STDOUT.close; STDERR.close` + main, ""},
		"descriptors":  {`3.upto(4) { |fd| IO.for_fd(fd).close rescue nil }` + main, ""},
		"encodings":    {`Encoding.default_external = "UTF-16LE"; Encoding.default_internal = "ISO-8859-1"` + main, ""},
		"exits":        {`at_exit { STDOUT.write("bye\n") }; def exit(*) = nil; def main(args) = args`, ""},
		"threads": {`Thread.abort_on_exception = true
Thread.report_on_exception = false
def main(args)
  200.times { Thread.new { Thread.main.raise "from a thread" } }
  args
rescue => e
  args
end`, ""},
	})
}

func TestRubyTellsNothingOfRequests(t *testing.T) {
	tellsNothing(t, ruby().start(t, `def main(args) = { fine: true }`))
}

// A result of the wrong kind may hold the argument.
func TestRubyTellsNothingOfResults(t *testing.T) {
	s := ruby().start(t, `def main(args) = args["text"] || Struct.new(:secret).new(args["object"])`)
	for _, value := range []string{`{"text":"` + secret + `"}`, `{"object":"` + secret + `"}`} {
		if got, log := s.run(value), s.logged(); strings.Contains(got+log, "SECRET") {
			t.Errorf("%s: got %s, logged %s", value, got, log)
		}
	}
	s.end()
}

func TestPythonHostileFiles(t *testing.T) {
	const main = "\ndef main(args): return args\n"
	survives(t, python(), map[string]hostile{
		"names": {`import sys
def print(*args): sys.stdout.write("mine\n")
def read(*args): raise Exception
send = run = str = list = dict = isinstance = len = type = open = None
def main(args):
    print()
    return args
`, "mine\n"},
		"builtins": {`import builtins
for name in dir(builtins):
    if name not in ("__build_class__", "__import__", "__name__"): setattr(builtins, name, None)` + main, ""},
		"json":       {`import json; json.loads = json.dumps = json.JSONEncoder = json.JSONDecoder = None; json.decoder.JSONDecoder = None` + main, ""},
		"modules":    {`import sys; sys.modules.clear()` + main, ""},
		"own json":   {`import sys; sys.modules["json"] = sys.modules["traceback"] = sys.modules["os"] = None` + main, ""},
		"sys":        {`import sys; sys.exit = sys.excepthook = sys.path = sys.argv = sys.__excepthook__ = None` + main, ""},
		"os":         {`import os; os.read = os.write = os._exit = os.getpid = os.fstat = os.environ = os.path = None` + main, ""},
		"streams":    {`import io, sys; sys.stdout = io.StringIO(); sys.stdin = sys.stderr = None` + main, ""},
		"deleted":    {`import sys; del sys.stdout, sys.stderr, sys.stdin` + main, ""},
		"no streams": {`import sys; sys.stdin.close(); sys.stdout.close(); sys.stderr.close()` + main, ""},
		"wrapped": {`import io, sys
def main(args):
    sys.stdout = io.TextIOWrapper(sys.stdout.buffer, encoding="utf-16")
    sys.stdout = io.StringIO()
    print("lost")
    sys.stdout = io.TextIOWrapper(sys.__stdout__.buffer if False else open(1, "wb", closefd=False))
    print("mine")
    return args
`, "mine\n"},
		"detached": {`import codecs, sys; sys.stdout = codecs.getwriter("utf-8")(sys.stdout.detach()); print("ñ")` + main, ""},
		"wrapped out": {`import io, sys; sys.stdout = io.TextIOWrapper(sys.stdout.buffer, line_buffering=True)
def main(args):
    print("mine")
    return args
`, "mine\n"},
		"closed":      {`import os; os.close(0); os.close(1); os.close(2)` + main, ""},
		"descriptors": {`import os; os.closerange(3, 900)` + main, ""},
		"threads": {`import threading
def again(n):
    if n: threading.Thread(target=again, args=[n - 1]).start()
def main(args):
    again(50)
    return args
`, ""},
		"exit hooks": {`import atexit, sys; atexit.register(lambda: 1); sys.exit = lambda *args: None` + main, ""},
		"handlers": {`import signal
class Late(OSError): pass
def handler(*args): raise Late
signal.signal(signal.SIGALRM, handler)
def main(args):
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.000001)
        while True: pass
    except Late: return args
`, ""},
		"collector": {`import gc; gc.disable(); gc.set_threshold(1)` + main, ""},
		"recursion": {`import sys; sys.setrecursionlimit(60)` + main, ""},
		"directory": {`import os; os.chdir("/")` + main, ""},
		"warnings":  {`import warnings; warnings.simplefilter("error")` + main, ""},
		"audit":     {`import sys; sys.settrace(lambda *args: None); sys.setprofile(lambda *args: None)` + main, ""},
		"class": {`class main:
    def __new__(cls, args): return args
`, ""},
		"environment": {`import os; os.environ.clear()` + main, ""},
		"locale":      {`import locale; locale.setlocale(locale.LC_ALL, "C")` + main, ""},
	})

	log := python().begin(t, folder(t, "main.py", "import os; os.closerange(3, 2000)"+main), "main").fails()
	if !strings.HasSuffix(log, "main.py closed descriptors that it had not opened\n") {
		t.Errorf("logged %q", log)
	}
}

func TestPythonTellsNothingOfRequests(t *testing.T) {
	tellsNothing(t, python().start(t, `def main(args): return {"fine": True}`))
}

// A result of the wrong kind may hold the argument.
func TestPythonTellsNothingOfResults(t *testing.T) {
	s := python().start(t, `class Thing(dict): pass
def main(args): return args["text"] if "text" in args else [type(args["object"], (), {"__repr__": lambda self: args["object"]})] if 0 else {(args["object"],): 1}
`)
	for _, value := range []string{`{"text":"` + secret + `"}`, `{"object":"` + secret + `"}`} {
		if got, log := s.run(value), s.logged(); strings.Contains(got+log, "SECRET") {
			t.Errorf("%s: got %s, logged %s", value, got, log)
		}
	}
	s.end()
}

// What a handler of a signal raises while the launcher waits is logged, and the request that is on its way then is read
// whole.
func TestPythonHandlerBetweenRuns(t *testing.T) {
	s := python().start(t, `import signal
def handler(*args): raise TimeoutError("too late")
signal.signal(signal.SIGALRM, handler)
def main(args): return args
`)
	value := `{"a":"` + strings.Repeat("x", 1<<18) + `"}`
	request := `run r a1 - {"value":` + value + "}\n"
	for i := range 10 {
		half := len(request) * i / 10
		if _, err := io.WriteString(s.requests, request[:half]); err != nil {
			t.Fatal(err)
		}
		s.sleeps() // else the signal may come before the read that waits, whose end Python awaits to handle it
		if err := s.cmd.Process.Signal(syscall.SIGALRM); err != nil {
			t.Fatal(err)
		}
		for log := ""; !strings.Contains(log, "TimeoutError: too late\n"); log += s.logged() {
			s.sleeps()
		}
		if _, err := io.WriteString(s.requests, request[half:]); err != nil {
			t.Fatal(err)
		}
		if got := s.until("r"); got != value {
			t.Errorf("got %.100s", got)
		}
	}
	s.end()
}

// TestPythonHandlerAtAnyTime has a signal handler that raises all the time: each run is answered once, and the launcher
// goes on.
func TestPythonHandlerAtAnyTime(t *testing.T) {
	const begin = `import signal
def handler(*args): raise TimeoutError("too late")
signal.signal(signal.SIGALRM, handler)
def begin(args):
    if args["n"] in (0, 100): signal.setitimer(signal.ITIMER_REAL, *((0, 0) if args["n"] else (0.0007, 0.0007)))
    return args
`
	for _, test := range []struct{ name, main, variable string }{
		{"runs", "def main(args): return begin(args)\n", ""},
		{"runs of ActionLoop", "def main(args): return begin(args)\n", actionLoop},
		{"streams", "def main(args, stream): return begin(args)\n", ""},
		{"streams of ActionLoop", "def main(args, stream): return begin(args)\n", actionLoop},
		{"threads", "OW_CONCURRENCY = 4\ndef main(args): return begin(args)\n", "__OW_ALLOW_CONCURRENT=true"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := python().start(t, begin+test.main, test.variable)
			for n, got := 0, ""; got != `{"n":100}`; n = min(n+1, 100) {
				value := fmt.Sprintf(`{"n":%d}`, n)
				if got = s.run(value); got != value && got != `{"error":"TimeoutError: too late"}` && got != `{"error":"the run was interrupted"}` {
					t.Fatalf("got %.200s", got)
				}
			}
			s.end()
		})
	}
}
