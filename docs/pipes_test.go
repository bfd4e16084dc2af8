package docs_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// A child is an action that runs with nothing but pipes: no proxy.
type child struct {
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	results chan string // lines without their end; closed when the pipe is
	logs    []*stream   // stderr, and stdout where results are on descriptor 3
}

// startChild starts the example with the variables of the page and of this protocol.
func startChild(t *testing.T, e example) *child {
	t.Helper()
	cmd := exec.Command(e.path)
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), "LC_ALL=C", "__OW_ACTIVATION_ID="+activationID)
	cmd.Env = append(cmd.Env, e.env...)
	if e.waitsForAck() {
		cmd.Env = append(cmd.Env, "__OW_WAIT_FOR_ACK=1")
	}
	c := &child{cmd: cmd, results: make(chan string), logs: []*stream{{}}}
	cmd.Stderr = c.logs[0]
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	c.stdin = stdin
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	if e.resultFD() == 3 {
		c.logs = append(c.logs, &stream{})
		cmd.Stdout = c.logs[1]
		cmd.ExtraFiles = []*os.File{write}
	} else {
		cmd.Stdout = write
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	write.Close()
	go func() {
		defer close(c.results)
		defer read.Close()
		for r := bufio.NewReader(read); ; {
			line, err := r.ReadString('\n')
			if err != nil {
				return
			}
			c.results <- strings.TrimRight(line, "\n")
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		stdin.Close()
		for range c.results {
		}
	})
	return c
}

// read returns the next line of results.
func (c *child) read(t *testing.T) string {
	t.Helper()
	select {
	case line, open := <-c.results:
		if !open {
			t.Fatalf("the action ended; its log: %s", c.logs[0])
		}
		return line
	case <-time.After(testkit.Patience):
		t.Fatalf("no line from the action; its log: %s", c.logs[0])
	}
	return ""
}

// write sends one line. It returns at once, so that the test can read meanwhile.
func (c *child) write(line string) {
	go io.WriteString(c.stdin, line+"\n")
}

// play plays a transcript with a fresh child.
func playOverPipes(t *testing.T, e example, transcript []step) {
	c := startChild(t, e)
	for _, s := range transcript {
		switch {
		case s.kind == '>' && e.isV0():
			io.WriteString(c.stdin, s.text)
		case s.kind == '>':
			c.write(s.text)
		case s.kind == '<':
			if got := c.read(t); !sameLine(got, s.text) {
				t.Errorf("line %d: got %q, the page says %q", s.line, got, s.text)
			}
		case s.kind == '*' && e.isV0():
			if got := c.read(t); got != s.text {
				t.Errorf("line %d: got %q, the page says %q", s.line, got, s.text)
			}
		case s.kind == '*':
			testkit.Await(t, "the log line "+s.text, func() bool { return hasLine(s.text, c.logs...) })
		case s.text == "end of input":
			c.stdin.Close()
		case s.text == "exit status 0":
			if err := c.cmd.Wait(); err != nil {
				t.Errorf("line %d: %v", s.line, err)
			}
		default:
			t.Fatalf("line %d: unknown event %q", s.line, s.text)
		}
	}
}

// oddValues are lines that every greeter has to survive, with the name it has to greet; "" where any result will do.
func oddValues() map[string][2]string {
	long := strings.Repeat("x", 1<<20)
	return map[string][2]string{
		"empty":                  {`{}`, ""},
		"array":                  {`["name","x"]`, ""},
		"blanks and CR":          {" { \"name\" :\t\"Mike\" } \r", "Mike"},
		"name is null":           {`{"name":null}`, ""},
		"name is an object":      {`{"name":{"name":"x"}}`, ""},
		"name deeper first":      {`{"a":{"name":"no"},"b":["name"],"c":"name","name":"yes"}`, "yes"},
		"escapes":                {`{"name":"\"\\\/\b\f\n\r\t\u0000"}`, "\"\\/\b\f\n\r\t\x00"},
		"unicode":                {`{"name":"❄ ☃ ❄"}`, "❄ ☃ ❄"},
		"escaped unicode":        {`{"name":"\u2744 \ud83d\ude00"}`, "❄ 😀"},
		"U+2028 and U+0085":      {"{\"name\":\"a\u2028b\u0085c\"}", "a\u2028b\u0085c"},
		"lone surrogate":         {`{"name":"\ud800"}`, ""},
		"shell words":            {`{"name":"* $(id) 'a' \"b\" -n ; exit"}`, `* $(id) 'a' "b" -n ; exit`},
		"percent":                {`{"name":"%s%n"}`, "%s%n"},
		"long number":            {`{"big":123456789012345678901234567890.5e-7,"huge":1e999,"name":"n"}`, ""},
		"names that stand twice": {`{"x":1,"x":2,"name":"n"}`, "n"},
		"empty name of a member": {`{"":0,"name":"n"}`, "n"},
		"deep":                   {`{"a":` + strings.Repeat("[", 5000) + strings.Repeat("]", 5000) + `}`, ""},
		"a megabyte":             {`{"name":"` + long + `"}`, long},
	}
}

// checkGreeting compares a greeter's result with what the page promises for a name.
func checkGreeting(t *testing.T, result, name string) {
	t.Helper()
	var got map[string]string
	if err := json.Unmarshal([]byte(result), &got); err != nil {
		t.Fatalf("result %.200q: %v", result, err)
	}
	if name != "" && got["greetings"] != "Hello, "+name {
		t.Errorf("got %.200q, want the greeting of %.200q", result, name)
	}
}
