package stemcells_test

import (
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestRubyExample(t *testing.T) {
	text, err := os.ReadFile("ruby/example.rb")
	if err != nil {
		t.Fatal(err)
	}
	s := ruby().start(t, string(text))
	s.expect([]run{
		{`{"name":"Mike"}`, `{"greetings":"Hello, Mike"}`, "activation a1\n"},
		{`{}`, `{"greetings":"Hello, world"}`, "activation a1\n"},
		{`null`, `{"greetings":"Hello, world"}`, ""},
		{`{"name":"❄ ☃ \ud83d\ude00"}`, `{"greetings":"Hello, ❄ ☃ 😀"}`, ""},
		{`[]`, `{"error":"TypeError: no implicit conversion of String into Integer"}`, "main.rb:4:in "},
	})
	s.end()
}

// mirror answers with the value.
const mirror = "def main(args) = args"

func TestRubyValues(t *testing.T) {
	s := ruby().start(t, mirror)
	for _, value := range []string{
		`{}`, `[]`, `[1,[2,{"a":null}],true]`, `{"n":123456789012345678901234567890,"f":1.5}`, `{"json_class":"String","a":"\u0000"}`,
		strings.Repeat("[", 100) + strings.Repeat("]", 100), `{"text":"` + strings.Repeat("ñ❄", 1<<18) + `"}`,
	} {
		if got := s.run(value); got != value {
			t.Errorf("got %.200s\nwant %.200s", got, value)
		}
	}
	if got := s.run(megabyte()); len(got) < 900_000 || strings.HasPrefix(got, `{"error"`) {
		t.Errorf("got %d bytes: %.100s", len(got), got)
	}
	deep := strings.Repeat("[", 5000) + strings.Repeat("]", 5000)
	s.expect([]run{
		{deep, `{"error":"main returned what JSON cannot hold: nesting of 1000 is too deep"}`, ""},
		{`{"bad":"\ud800"}`, s.run(`{"bad":"\ud800"}`), ""}, // whatever it says, the launcher lives on
		{`{"a":1}`, `{"a":1}`, ""},
	})
	s.end()
}

func TestRubyErrors(t *testing.T) {
	s := ruby().start(t, `def main(args)
  case args[0]
  when "raise" then inner
  when "cause" then begin; inner; rescue => e; raise "outer"; end
  when "exit" then exit 3
  when "abort" then abort "no more"
  when "deep" then deep(1)
  when "nil" then nil
  when "text" then "text"
  when "nan" then { a: 0.0 / 0 }
  when "circle" then (a = []) << a
  when "bytes" then { a: "\xff" }
  when "binary" then raise "\xff oops".b
  when "odd" then raise Odd
  when "syntax" then eval("1 +")
  when "load" then require "nothing-of-this-name"
  when "throw" then throw :ball
  when "thread" then Thread.new { Thread.main.raise "from a thread" }.join; sleep
  when "kill" then Thread.exit
  when "fork" then fork; []
  when "memory" then raise NoMemoryError
  when "stdout" then $stdout = File.open(File::NULL, "w"); []
  else ["fine"]
  end
end

class Odd < StandardError
  def message = raise("no message")
end

def inner = raise(ArgumentError, "bad ❄")
def deep(n) = deep(n + 1)`)
	s.expect([]run{
		{`["fine"]`, `["fine"]`, ""},
		{`["raise"]`, `{"error":"ArgumentError: bad ❄"}`, "main.rb:31:in "},
		{`["cause"]`, `{"error":"RuntimeError: outer"}`, "bad ❄ (ArgumentError)"},
		{`["exit"]`, `{"error":"main called exit, status 3"}`, "main.rb:5:in "},
		{`["abort"]`, `{"error":"main called exit, status 1"}`, "no more\n"},
		{`["deep"]`, `{"error":"SystemStackError: stack level too deep"}`, "levels..."},
		{`["nil"]`, `{"error":"main returned nil; it must return a hash or an array"}`, ""},
		{`["text"]`, `{"error":"main returned an object of String; it must return a hash or an array"}`, ""},
		{`["circle"]`, `{"error":"main returned what JSON cannot hold: nesting of 1000 is too deep"}`, ""},
		{`["binary"]`, `{"error":"RuntimeError: � oops"}`, "� oops"},
		{`["odd"]`, `{"error":"Odd"}`, ""},
		{`["load"]`, `{"error":"LoadError: cannot load such file -- nothing-of-this-name"}`, "main.rb:16:in "},
		{`["throw"]`, `{"error":"UncaughtThrowError: uncaught throw :ball"}`, ""},
		{`["thread"]`, `{"error":"RuntimeError: from a thread"}`, ""},
		{`["kill"]`, `{"error":"main called exit, status 0"}`, ""},
		{`["fork"]`, `[]`, ""},
		{`["memory"]`, `{"error":"NoMemoryError: NoMemoryError"}`, ""},
		{`["stdout"]`, `[]`, ""},
		{`["fine"]`, `["fine"]`, ""},
	})
	for value, want := range map[string]string{
		`["nan"]`:    `{"error":"main returned what JSON cannot hold: `,
		`["bytes"]`:  `{"error":"main returned what JSON cannot hold: `,
		`["syntax"]`: `{"error":"SyntaxError: `,
	} {
		if got := s.run(value); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %s, want %s…", value, got, want)
		}
	}
	s.run(`["raise"]`)
	if log := s.logged(); strings.Contains(log, "launcher.rb") {
		t.Errorf("the backtrace shows the launcher: %s", log)
	}
	s.end()
}

func TestRubyEnvironment(t *testing.T) {
	s := ruby().start(t, `def main(args) = ENV.select { |name, _| name.start_with?("__OW") }.sort.to_h`, "__OW_API_HOST=https://host", "__OW_NAMESPACE=before")
	before := `"__OW_NAMESPACE":"before","__OW_NATIVE_PROTOCOL":"2","__OW_WAIT_FOR_ACK":"1"}`
	for request, want := range map[string]string{
		`{"value":{},"activation_id":"a","deadline":12,"namespace":"guest"}`: `{"__OW_ACTIVATION_ID":"a","__OW_API_HOST":"https://host","__OW_DEADLINE":"12","__OW_NAMESPACE":"guest","__OW_NATIVE_PROTOCOL":"2","__OW_WAIT_FOR_ACK":"1"}`,
		`{"value":{}}`: `{"__OW_API_HOST":"https://host",` + before,
		`{}`:           `{"__OW_API_HOST":"https://host",` + before,
		`{"x":{"a":[null,1.50]},"a=b":"c","z":"1\u00002"}`: `{"__OW_API_HOST":"https://host","__OW_NAMESPACE":"before","__OW_NATIVE_PROTOCOL":"2","__OW_WAIT_FOR_ACK":"1","__OW_X":"{\"a\":[null,1.5]}","__OW_Z":"1"}`,
	} {
		if got := s.request(request); got != want {
			t.Errorf("%s\ngot  %s\nwant %s", request, got, want)
		}
	}
	s.end()
}

func TestRubyStreams(t *testing.T) {
	s := ruby().start(t, `at_exit { puts "bye" }
puts "loading"
def main(args)
  puts "out"
  warn "err"
  print "no line end"
  system("echo from a program; cat; test ! -e /proc/self/fd/3 || readlink /proc/self/fd/3 | grep pipe")
  { input: $stdin.read, output: File.exist?("/proc/self/fd/3") }
end`)
	s.expect([]run{{`{}`, `{"input":"","output":false}`, "from a program\n"}})
	s.expect([]run{{`{}`, `{"input":"","output":false}`, "out\n"}})
	if log := s.end(); log != "bye\n" {
		t.Errorf("logged at the end: %q", log)
	}
}

// State lives between runs, for there is one process.
func TestRubyOneProcess(t *testing.T) {
	s := ruby().start(t, "$runs = 0\ndef main(args) = [$runs += 1, $0 == __FILE__]")
	s.expect([]run{{`{}`, `[1,false]`, ""}, {`{}`, `[2,false]`, ""}})
	s.end()
}

func TestRubyLoad(t *testing.T) {
	t.Run("archive", func(t *testing.T) {
		dir := folder(t,
			"main.rb", "require_relative 'near'\nrequire 'far'\nrequire 'gem_a'\nrequire 'gem_b'\ndef hello(args) = [near, far, gem_a, gem_b]",
			"near.rb", "require_relative 'main'\ndef near = 1",
			"lib/far.rb", "def far = 2",
			"vendor/bundle/ruby/3.1.0/gems/gem_a-1.0.0/lib/gem_a.rb", "gem 'json'\ndef gem_a = Gem::Version.new('3').segments",
			"vendor/bundle/ruby/3.1.0/bundler/gems/gem_b-abcdef/lib/gem_b.rb", "def gem_b = 4")
		s := ruby().begin(t, dir, "hello").ready()
		s.expect([]run{{`{}`, `[1,2,[3],4]`, ""}})
		s.end()
	})
	t.Run("no name", func(t *testing.T) {
		s := ruby().begin(t, folder(t, "main.rb", mirror), "").ready()
		s.expect([]run{{`{}`, `{}`, ""}})
		s.end()
	})
	for name, test := range map[string]struct{ source, want string }{
		"syntax error": {"def main(args)\n  {\nend\n", "main.rb:3: syntax error"},
		"exception":    {"\ndef load_it = raise('no database')\nload_it\n", ": no database (RuntimeError)"},
		"exit":         {"\nexit 7", "main.rb could not be loaded: "},
		"no method":    {"def mian(args) = args", "main.rb has no method main\n"},
		"no gem":       {"require 'nothing-of-this-name'", "cannot load such file -- nothing-of-this-name"},
	} {
		t.Run(name, func(t *testing.T) {
			if log := ruby().begin(t, folder(t, "main.rb", test.source), "main").fails(); !strings.Contains(log, test.want) {
				t.Errorf("logged %q, want %q", log, test.want)
			}
		})
	}
	t.Run("a method of Ruby itself", func(t *testing.T) {
		if log := ruby().begin(t, folder(t, "main.rb", mirror), "system").fails(); log != "main.rb has no method system\n" {
			t.Errorf("logged %q", log)
		}
	})
}

func TestRubyTerminated(t *testing.T) {
	s := ruby().start(t, `def main(args)
  Process.kill(:TERM, Process.pid)
  sleep
ensure
  puts "cleaned"
end`)
	s.expect([]run{{`{}`, `{"error":"main was ended by SIGTERM"}`, "cleaned\n"}})
	s.requests.Close()
	s.cmd.Wait()
	if status := s.cmd.ProcessState.Sys().(syscall.WaitStatus); status.Signal() != syscall.SIGTERM {
		t.Errorf("the launcher ended: %v", s.cmd.ProcessState)
	}
}

func TestRubyManyRuns(t *testing.T) { manyRuns(t, ruby().start(t, mirror)) }
