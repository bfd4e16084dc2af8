package stemcells_test

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// patience is a guard against launchers that hang; nothing is measured by it.
const patience = 3 * time.Minute

// A session is a launcher that was started as the proxy does it.
type session struct {
	t        testing.TB
	cmd      *exec.Cmd
	requests io.WriteCloser
	results  *bufio.Reader
	log      string // the file that holds stdout and stderr
	seen     int    // of the log, in bytes
	guard    *time.Timer
	native   bool // it speaks version 2 of the native protocol, else ActionLoop
	runs     int

	concurrency int    // of its handshake
	head        string // of the last run's stream
	stream      string // the text of it
}

// A language is what the launcher needs to run here.
type language struct {
	launcher string   // its file
	file     string   // what an uploaded source is called
	programs []string // without which nothing works
}

func bash() language {
	return language{launcher: "bash/launcher.sh", file: "main.sh", programs: []string{"bash", "jq"}}
}

func ruby() language {
	return language{launcher: "ruby/launcher.rb", file: "main.rb", programs: []string{"ruby"}}
}

func python() language {
	return language{launcher: "python/launcher.py", file: "main.py", programs: []string{"/usr/bin/python3"}}
}

// need skips the test where a program is missing, and fails it in CI.
func (l language) need(t testing.TB) {
	t.Helper()
	for _, program := range l.programs {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("CI") == "true" {
				t.Fatal(err)
			}
			t.Skip(err)
		}
	}
}

// folder writes files into a new folder: name, text, name, text…
func folder(t testing.TB, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		name := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// begin starts the launcher on the main file of dir and does not wait for it.
func (l language) begin(t testing.TB, dir, main string, env ...string) *session {
	t.Helper()
	l.need(t)
	launcher, err := filepath.Abs(l.launcher)
	if err != nil {
		t.Fatal(err)
	}
	s := &session{t: t, log: filepath.Join(t.TempDir(), "log")}
	log, err := os.OpenFile(s.log, os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	s.results = bufio.NewReader(r)
	s.cmd = exec.Command(launcher, filepath.Join(dir, l.file), main)
	s.cmd.Dir = dir
	s.cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=/tmp", "__OW_WAIT_FOR_ACK=1", "__OW_NATIVE_PROTOCOL=2"}, env...)
	s.cmd.Stdout, s.cmd.Stderr = log, log
	s.cmd.ExtraFiles = []*os.File{w}
	if s.requests, err = s.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	withoutHugePages()
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.guard = time.AfterFunc(patience, func() { s.cmd.Process.Kill() })
	t.Cleanup(func() {
		s.guard.Stop()
		s.cmd.Process.Kill()
		s.cmd.Wait()
		r.Close()
	})
	return s
}

// start starts the launcher on a source and waits until it is ready.
func (l language) start(t testing.TB, source string, env ...string) *session {
	t.Helper()
	return l.begin(t, folder(t, l.file, source), "main", env...).ready()
}

// ready waits for the acknowledgement.
func (s *session) ready() *session {
	s.t.Helper()
	switch ack := s.result(); {
	case strings.HasPrefix(ack, `{"openwhisk":2,`):
		s.native = true
		if _, err := fmt.Sscanf(ack, `{"openwhisk":2,"concurrency":%d,"request":true}`, &s.concurrency); err != nil {
			s.t.Fatalf("handshake %q: %v", ack, err)
		}
	case ack != `{"ok":true}`:
		s.t.Fatalf("acknowledgement %q", ack)
	}
	return s
}

// actionLoop makes a launcher speak as behind a proxy without version 2.
const actionLoop = "__OW_NATIVE_PROTOCOL=1"

// fails waits until the launcher ends without an acknowledgement; its log is returned.
func (s *session) fails() string {
	s.t.Helper()
	if line, err := s.results.ReadString('\n'); err != io.EOF {
		s.t.Errorf("it wrote %q, %v", line, err)
	}
	var exit *exec.ExitError
	if err := s.cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		s.t.Errorf("want exit status 1, got %v", err)
	}
	return s.logged()
}

// result reads a line of descriptor 3.
func (s *session) result() string {
	s.t.Helper()
	line, err := s.results.ReadString('\n')
	if err != nil {
		s.t.Fatalf("no result: %v; log: %s", err, s.logged())
	}
	return strings.TrimSuffix(line, "\n")
}

// request sends a line and returns the result.
func (s *session) request(line string) string {
	s.t.Helper()
	if !s.native {
		s.send(line)
		return s.result()
	}
	s.runs++
	id := fmt.Sprintf("run%d", s.runs)
	s.send("run " + id + " a1 4102444800000 " + line)
	return s.until(id)
}

// send writes a line of the proxy.
func (s *session) send(line string) {
	s.t.Helper()
	s.guard.Reset(patience)
	if _, err := io.WriteString(s.requests, line+"\n"); err != nil {
		s.t.Fatalf("%v; log: %s", err, s.logged())
	}
}

// until reads the lines of a run to its end, and returns its result.
func (s *session) until(id string) string {
	s.t.Helper()
	s.head, s.stream = "", ""
	more := map[string]string{}
	for {
		word, rest, _ := strings.Cut(s.result(), " ")
		of, text, _ := strings.Cut(rest, " ")
		if of != id {
			s.t.Fatalf("a line of another run: %s %.200s", word, rest)
		}
		if word == "more" {
			as, piece, _ := strings.Cut(text, " ")
			more[as] += piece
			continue
		}
		text = more[word] + text
		delete(more, word)
		switch word {
		case "head":
			s.head = text
		case "out":
			s.stream += text + "\n"
		case "put":
			s.stream += text
		case "out64":
			b, err := base64.StdEncoding.DecodeString(text)
			if err != nil {
				s.t.Fatal(err)
			}
			s.stream += string(b)
		case "end":
			return text
		default:
			s.t.Fatalf("a line without a meaning: %s %.200s", word, rest)
		}
	}
}

// run sends a request as the platform makes it, and returns the result.
func (s *session) run(value string) string {
	s.t.Helper()
	return s.request(fmt.Sprintf(`{"action_name":"/guest/greet","action_version":"0.0.1","activation_id":"a1","deadline":"4102444800000","namespace":"guest","value":%s,"transaction_id":"t1","api_key":"x:y"}`, value))
}

// logged returns what was logged since it was last asked.
func (s *session) logged() string {
	s.t.Helper()
	all, err := os.ReadFile(s.log)
	if err != nil {
		s.t.Fatal(err)
	}
	text := string(all[s.seen:])
	s.seen = len(all)
	return text
}

// end closes the input, waits, and returns the rest of the log.
func (s *session) end() string {
	s.t.Helper()
	s.requests.Close()
	rest, err := io.ReadAll(s.results)
	if err != nil || len(rest) > 0 {
		s.t.Errorf("a surplus result: %q, %v", rest, err)
	}
	if err := s.cmd.Wait(); err != nil {
		s.t.Errorf("the launcher ended: %v", err)
	}
	return s.logged()
}

// A run is an example: what a value gives, and what stands in the log then.
type run struct{ value, want, log string }

// expect makes the runs one after the other.
func (s *session) expect(runs []run) {
	s.t.Helper()
	for _, r := range runs {
		got := s.run(r.value)
		if got != r.want {
			s.t.Errorf("%.200s\ngot  %.300s\nwant %.300s", r.value, got, r.want)
		}
		if log := s.logged(); !strings.Contains(log, r.log) {
			s.t.Errorf("%.200s\nlogged %q\nwant   %q", r.value, log, r.log)
		}
	}
}

// megabyte is a value of 1 MB with escapes and wide characters in it.
func megabyte() string {
	return `{"text":"` + strings.Repeat(`abcdefgh\"\\ñ❄`, 1_000_000/18) + `","nested":{"list":[{"a":1},{"b":[]}]},"n":1}`
}

// sleeps returns when the launcher waits for something.
func (s *session) sleeps() {
	s.t.Helper()
	for {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.cmd.Process.Pid))
		if err != nil {
			s.t.Skip(err)
		}
		switch _, rest, _ := strings.Cut(string(stat), ") "); rest[0] {
		case 'S':
			return
		case 'Z':
			s.t.Fatalf("the launcher ended; log: %s", s.logged())
		}
		runtime.Gosched()
	}
}

// descriptors counts the open descriptors of the launcher.
func (s *session) descriptors() int {
	s.t.Helper()
	entries, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", s.cmd.Process.Pid))
	if err != nil {
		s.t.Skip(err)
	}
	return len(entries)
}

// resident returns the memory of the launcher in kB.
func (s *session) resident() int {
	s.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.cmd.Process.Pid))
	if err != nil {
		s.t.Skip(err)
	}
	var kB int
	_, rest, _ := bytes.Cut(status, []byte("VmRSS:"))
	if _, err := fmt.Sscan(string(rest), &kB); err != nil {
		s.t.Fatal(err)
	}
	return kB
}
