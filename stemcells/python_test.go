package stemcells_test

import (
	"os"
	"strings"
	"testing"
)

func TestPythonExample(t *testing.T) {
	text, err := os.ReadFile("python/example.py")
	if err != nil {
		t.Fatal(err)
	}
	s := python().start(t, string(text))
	s.expect([]run{
		{`{"name":"Mike"}`, `{"greetings":"Hello, Mike"}`, "activation a1\n"},
		{`{}`, `{"greetings":"Hello, world"}`, "activation a1\n"},
		{`null`, `{"greetings":"Hello, world"}`, ""},
		{`{"name":"❄ ☃ \ud83d\ude00"}`, `{"greetings":"Hello, ❄ ☃ 😀"}`, ""},
		{`[]`, `{"error":"AttributeError: 'list' object has no attribute 'get'"}`, `main.py", line 7, in main`},
	})
	s.end()
}

// given answers with the value.
const given = "def main(args): return args\n"

func TestPythonValues(t *testing.T) {
	s := python().start(t, given)
	for _, value := range []string{
		`{}`, `[]`, `[1,[2,{"a":null}],true]`, `{"n":123456789012345678901234567890,"f":1.5}`, `{"a":"\u0000\"\\"}`,
		strings.Repeat("[", 100) + strings.Repeat("]", 100), `{"text":"` + strings.Repeat("ñ❄", 1<<18) + `"}`,
		`{"half":"\ud800"}`, `{"z":1,"a":2,"":3}`,
	} {
		if got := s.run(value); got != value {
			t.Errorf("got %.200s\nwant %.200s", got, value)
		}
	}
	if got := s.run(megabyte()); len(got) < 900_000 || strings.HasPrefix(got, `{"error"`) {
		t.Errorf("got %d bytes: %.100s", len(got), got)
	}
	for _, value := range []string{strings.Repeat("[", 5000) + strings.Repeat("]", 5000), `[` + strings.Repeat("9", 10_000) + `]`, `{"n":NaN}`} {
		const unreadable = `{"error":"the request cannot be read: it is not a JSON object, or not one for Python"}`
		if got := s.run(value); got != unreadable {
			t.Errorf("%.30s…: got %.200s", value, got)
		}
	}
	s.expect([]run{{`{"a":1}`, `{"a":1}`, ""}})
	s.end()
}

func TestPythonErrors(t *testing.T) {
	s := python().start(t, `import os, sys, threading, _thread, collections, signal

class Odd(Exception):
    def __str__(self): raise Exception("no message")

class Thing: pass

def inner(): raise ValueError("bad ❄")

def deep(n): return deep(n + 1)

def chained():
    try:
        inner()
    except ValueError as error:
        raise RuntimeError("outer") from error

def circle():
    found = []
    found.append(found)
    return found

def interrupt():
    _thread.interrupt_main()
    while True: pass

def fork():
    child = os.fork()
    if child: os.waitpid(child, 0)
    return []

def generate(): yield 1

cases = {
    "raise": inner, "cause": chained, "exit": lambda: sys.exit(3), "says": lambda: sys.exit("no more"),
    "deep": lambda: deep(1), "none": lambda: None, "text": lambda: "text", "generator": generate,
    "nan": lambda: {"a": float("nan")}, "circle": circle, "thing": lambda: [Thing()], "set": lambda: {"a": {1}},
    "keys": lambda: {1: 2, True: 3, None: 4, 1.5: 5}, "tuple key": lambda: {(1, 2): 3}, "tuple": lambda: (1, 2),
    "bytes": lambda: {"a": b"x"}, "huge": lambda: [10 ** 5000], "ordered": lambda: collections.OrderedDict(b=1, a=2),
    "surrogate": lambda: {"a": "\udcff\ud83d\ude00"}, "odd": lambda: exec("raise Odd"), "syntax": lambda: eval("1 +"),
    "import": lambda: __import__("nothing_of_this_name"), "interrupt": interrupt, "fork": fork,
    "thread": lambda: [threading.Thread(target=inner).start()], "empty": lambda: exec("raise KeyError"),
    "print": lambda: print("\ud800 \udcff ❄", file=sys.stderr) or [],
}

def main(args): return cases.get(args[0], lambda: ["fine"])()
`)
	const cannot = `{"error":"main returned what JSON cannot hold: `
	s.expect([]run{
		{`["fine"]`, `["fine"]`, ""},
		{`["raise"]`, `{"error":"ValueError: bad ❄"}`, `main.py", line 8, in inner`},
		{`["cause"]`, `{"error":"RuntimeError: outer"}`, "The above exception was the direct cause"},
		{`["exit"]`, `{"error":"main called sys.exit, status 3"}`, "SystemExit: 3"},
		{`["says"]`, `{"error":"main called sys.exit, status 1"}`, "no more\n"},
		{`["deep"]`, `{"error":"RecursionError: maximum recursion depth exceeded"}`, "more times]"},
		{`["none"]`, `{"error":"main returned None; it must return a dict or a list"}`, ""},
		{`["text"]`, `{"error":"main returned an object of str; it must return a dict or a list"}`, ""},
		{`["generator"]`, `{"error":"main returned an object of generator; it must return a dict or a list"}`, ""},
		{`["nan"]`, cannot + `Out of range float values are not JSON compliant"}`, ""},
		{`["circle"]`, cannot + `Circular reference detected"}`, ""},
		{`["thing"]`, cannot + `Object of type Thing is not JSON serializable"}`, ""},
		{`["set"]`, cannot + `Object of type set is not JSON serializable"}`, ""},
		{`["bytes"]`, cannot + `Object of type bytes is not JSON serializable"}`, ""},
		{`["tuple key"]`, cannot + `keys must be str, int, float, bool or None, not tuple"}`, ""},
		{`["keys"]`, `{"1":3,"null":4,"1.5":5}`, ""},
		{`["tuple"]`, `[1,2]`, ""},
		{`["ordered"]`, `{"b":1,"a":2}`, ""},
		{`["surrogate"]`, `{"a":"\udcff\ud83d\ude00"}`, ""},
		{`["odd"]`, `{"error":"Odd"}`, "in main"},
		{`["empty"]`, `{"error":"KeyError"}`, ""},
		{`["syntax"]`, `{"error":"SyntaxError: invalid syntax (<string>, line 1)"}`, ""},
		{`["import"]`, `{"error":"ModuleNotFoundError: No module named 'nothing_of_this_name'"}`, `main.py", line `},
		{`["interrupt"]`, `{"error":"KeyboardInterrupt"}`, "in interrupt"},
		{`["fork"]`, `[]`, ""},
		{`["thread"]`, `[null]`, ""},
		{`["print"]`, `[]`, `\ud800 \udcff ❄`},
		{`["fine"]`, `["fine"]`, ""},
	})
	if got := s.run(`["huge"]`); !strings.HasPrefix(got, cannot) {
		t.Errorf("a huge number: got %s", got)
	}
	s.logged()
	for _, value := range []string{`["raise"]`, `["cause"]`, `["deep"]`, `["exit"]`} {
		s.run(value)
		if log := s.logged(); strings.Contains(log, "launcher.py") {
			t.Errorf("the traceback of %s shows the launcher: %s", value, log)
		}
	}
	s.end()
}

func TestPythonEnvironment(t *testing.T) {
	s := python().start(t, `import os
def main(args): return {name: text for name, text in sorted(os.environ.items()) if name.startswith("__OW")}
`, "__OW_API_HOST=https://host", "__OW_NAMESPACE=before")
	before := `"__OW_NAMESPACE":"before","__OW_NATIVE_PROTOCOL":"2","__OW_WAIT_FOR_ACK":"1"}`
	for request, want := range map[string]string{
		`{"value":{},"activation_id":"a","deadline":12,"namespace":"guest"}`: `{"__OW_ACTIVATION_ID":"a","__OW_API_HOST":"https://host","__OW_DEADLINE":"12","__OW_NAMESPACE":"guest","__OW_NATIVE_PROTOCOL":"2","__OW_WAIT_FOR_ACK":"1"}`,
		`{"value":{}}`: `{"__OW_API_HOST":"https://host",` + before,
		`{}`:           `{"__OW_API_HOST":"https://host",` + before,
		`{"x":{"a":[null,1.50]},"a=b":"c","z":"1\u00002"}`: `{"__OW_API_HOST":"https://host","__OW_NAMESPACE":"before","__OW_NATIVE_PROTOCOL":"2","__OW_WAIT_FOR_ACK":"1","__OW_X":"{\"a\":[null,1.5]}","__OW_Z":"1"}`,
		`{"half":"\ud800","h\udcff":"❄"}`:                  `{"__OW_API_HOST":"https://host","__OW_HALF":"\\ud800","__OW_H\\UDCFF":"❄",` + before,
	} {
		if got := s.request(request); got != want && !strings.Contains(request, "half") {
			t.Errorf("%s\ngot  %s\nwant %s", request, got, want)
		} else if !strings.Contains(got, `"__OW_NAMESPACE":`) {
			t.Errorf("%s\ngot  %s", request, got)
		}
	}
	s.end()
}

func TestPythonStreams(t *testing.T) {
	s := python().start(t, `import atexit, os, subprocess, sys
atexit.register(print, "bye")
print("loading")
def main(args):
    print("out")
    print("err", file=sys.stderr)
    print("no line end", end="")
    os.system("echo from a program; cat")
    subprocess.run(["echo", "from another"])
    return {"input": sys.stdin.read(), "output": os.path.exists("/proc/self/fd/3")}
`)
	s.expect([]run{{`{}`, `{"input":"","output":false}`, "from a program\nfrom another\n"}})
	s.expect([]run{{`{}`, `{"input":"","output":false}`, "out\n"}})
	if log := s.end(); log != "bye\n" {
		t.Errorf("logged at the end: %q", log)
	}
}

// State lives between runs, for there is one process; the function's module is not the program's.
func TestPythonOneProcess(t *testing.T) {
	s := python().start(t, `import os, pickle, sys
runs = 0
class Kept: pass
def main(args):
    global runs
    runs += 1
    pickle.loads(pickle.dumps(Kept()))
    assert sys.modules[__name__].main is main and os.getcwd() == os.path.dirname(os.path.realpath(__file__))
    return [runs, __name__, os.path.basename(sys.executable).startswith("python"), len(sys.argv)]
`)
	s.expect([]run{{`{}`, `[1,"main",true,1]`, ""}, {`{}`, `[2,"main",true,1]`, ""}})
	s.end()
}

// A coroutine runs in the loop of all runs, so what waits there may serve the next one.
func TestPythonAsync(t *testing.T) {
	s := python().start(t, `import asyncio
lock, runs = asyncio.Lock(), []
async def main(args):
    async with lock:
        runs.append(asyncio.get_running_loop())
        await asyncio.gather(asyncio.sleep(0.001), asyncio.sleep(0))
        if args.get("close"): asyncio.get_running_loop().call_soon(lambda: None)
        if "bad" in args: raise ValueError(args["bad"])
        print("awaited")
        return [len(runs), len(set(runs))]
`)
	s.expect([]run{
		{`{}`, `[1,1]`, "awaited\n"},
		{`{}`, `[2,1]`, "awaited\n"},
		{`{"bad":"x"}`, `{"error":"ValueError: x"}`, "Traceback (most recent call last):\n  File \""},
		{`{}`, `[4,1]`, ""},
	})
	s.run(`{"bad":"x"}`)
	if log := s.logged(); strings.Contains(log, "base_events") || !strings.Contains(log, "line 8, in main") {
		t.Errorf("logged %s", log)
	}
	s.end()
}

func TestPythonLoad(t *testing.T) {
	l := python()
	for name, test := range map[string]struct {
		files []string
		main  string
		want  string
	}{
		"neighbours": {[]string{"main.py", "import near, far.off\nprint(__name__)\ndef hello(args): return [near.one, far.off.two]\n", "near.py", "import main\none = 1\n", "far/off.py", "two = 2\n"}, "hello", `[1,2]`},
		"no name":    {[]string{"main.py", given}, "", `{}`},
		"__main__":   {[]string{"main.py", "wrong = 1\n", "__main__.py", "import main\ndef main(args): return [__name__]\n"}, "main", `["main__"]`},
		"compiled":   {[]string{"exec__.py", "raise Exception\n", "main__.py", "def main(args): return [__name__]\n", "main.py", ""}, "main", `["main__"]`},
		"CRLF":       {[]string{"main.py", "def main(args):\r\n    return ['''a\r\nb''']\r\n"}, "main", `["a\nb"]`},
		"BOM":        {[]string{"main.py", "\xef\xbb\xbfdef main(args): return ['ñ']\n"}, "main", `["ñ"]`},
		"latin-1":    {[]string{"main.py", "# -*- coding: latin-1 -*-\ndef main(args): return ['\xf1']\n"}, "main", `["ñ"]`},
		"an object":  {[]string{"main.py", "class Call:\n    def __call__(self, args): return [1]\nmain = Call()\n"}, "main", `[1]`},
	} {
		t.Run(name, func(t *testing.T) {
			s := l.begin(t, folder(t, test.files...), test.main).ready()
			s.expect([]run{{`{}`, test.want, ""}})
			s.end()
		})
	}
	for name, test := range map[string]struct{ source, want string }{
		"syntax error":   {"def main(args):\n  return (\n", `main.py", line 2`},
		"Python 2":       {"def main(args):\n  print 'x'\n", "main.py could not be loaded: SyntaxError: Missing parentheses in call to 'print'"},
		"wrong encoding": {"def main(args): return ['\xff']\n", "main.py could not be loaded: SyntaxError: (unicode error) 'utf-8' codec can't decode byte 0xff"},
		"null byte":      {"def main(args): return []\n\x00", "main.py could not be loaded: "},
		"exception":      {"\ndef load(): raise Exception('no database')\nload()\n", `main.py", line 2, in load`},
		"exit":           {"\nimport sys; sys.exit(7)\n", "main.py could not be loaded: the file called sys.exit, status 7\n"},
		"no function":    {"def mian(args): return args\n", "main.py has no function main\n"},
		"no callable":    {"main = 1\n", "main.py has no function main\n"},
		"no module":      {"import nothing_of_this_name\n", "No module named 'nothing_of_this_name'"},
		"a thread":       {"import threading, time\nthreading.Thread(target=time.sleep, args=[1000]).start()\n1/0\n", "ZeroDivisionError"},
	} {
		t.Run(name, func(t *testing.T) {
			log := l.begin(t, folder(t, "main.py", test.source), "main").fails()
			if !strings.Contains(log, test.want) || strings.Contains(log, "launcher.py") {
				t.Errorf("logged %q, want %q", log, test.want)
			}
		})
	}
	t.Run("a function of Python itself", func(t *testing.T) {
		if log := l.begin(t, folder(t, "main.py", given), "print").fails(); log != "main.py has no function print\n" {
			t.Errorf("logged %q", log)
		}
	})
}

func TestPythonManyRuns(t *testing.T) { manyRuns(t, python().start(t, given)) }
