//go:build linux

package http1

import (
	"context"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// base starts an echo server and gives its address.
func base(t *testing.T) string {
	t.Helper()
	s := serve(t, &Server{Handler: echoing(), MaxBody: 8 << 20})
	return "http://127.0.0.1:" + strconv.Itoa(s.Port())
}

// program gives the path of a program that the test needs. All but optional ones are there where CI is set.
func program(t *testing.T, name string, optional bool) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") == "true" && !optional {
			t.Fatal(err)
		}
		t.Skip(err)
	}
	return path
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*testkit.Patience)
	defer cancel()
	out, err := exec.CommandContext(ctx, name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s %v: %v\n%s", name, args, err, out)
	}
	return string(out)
}

// largeFile is a file of a size that no socket's buffer holds.
func largeFile(t *testing.T) (path, content string) {
	t.Helper()
	path, content = filepath.Join(t.TempDir(), "large"), strings.Repeat("0123456789abcdef", 4<<16)
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	return path, content
}

func TestCurl(t *testing.T) {
	curl, url := program(t, "curl", false), base(t)
	file, content := largeFile(t)
	tests := []struct {
		name, want string
		args       []string
	}{
		{"POST", "POST /run abc 200", []string{"-d", "abc", url + "/run"}},
		{"no body", "POST /run  200", []string{"-X", "POST", url + "/run"}},
		{"two on one connection", "POST /a b 200POST /c b 200", []string{"-d", "b", url + "/a", url + "/c"}},
		{"HTTP/1.0", "POST /run abc 200", []string{"-0", "-d", "abc", url + "/run"}},
		{"large body, which it announces with Expect", "POST /run " + content + " 200", []string{"-H", "Expect: 100-continue", "--data-binary", "@" + file, url + "/run"}},
		{"large streamed body", "PUT /stream " + content + " 200", []string{"-T", file, url + "/stream"}},
		{"chunked from a pipe", "POST /run " + content + " 200", []string{"-X", "POST", "-H", "Transfer-Encoding: chunked", "-T", file, url + "/run"}},
		{"chunked and streamed", "POST /stream " + content + " 200", []string{"-X", "POST", "-H", "Transfer-Encoding: chunked", "-H", "Expect: 100-continue", "-T", file, url + "/stream"}},
		{"absolute form, as to a proxy", "POST /run abc 200", []string{"--proxy", url, "-d", "abc", "http://example.invalid/run"}},
		{"HEAD", " 200", []string{"-I", "-o", os.DevNull, url + "/run"}},
		{"upgrade to HTTP/2 is not taken", "POST /run abc 200", []string{"--http2", "-d", "abc", url + "/run"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := run(t, curl, append([]string{"-sS", "--noproxy", "", "-w", " %{http_code}"}, test.args...)...); got != test.want {
				t.Errorf("%.300q, want %.300q", got, test.want)
			}
		})
	}
}

func TestPython(t *testing.T) {
	python, url := program(t, "python3", false), base(t)
	const script = `
import http.client, sys
c = http.client.HTTPConnection(sys.argv[1].removeprefix("http://"), timeout=180)
def check(body, want, path="/run", **rest):
    c.request("POST", path, body, **rest)
    a = c.getresponse()
    got = a.read()
    assert a.status == 200 and got == want, (a.status, got[:200])
large = b"x" * 3000000
for path in "/run", "/stream":
    start = b"POST " + path.encode() + b" "
    check(b"abc", start + b"abc", path)
    check(None, start, path)
    check(large, start + large, path)
    check(iter([b"a", b"b" * 100000, b"c"]), start + b"a" + b"b" * 100000 + b"c", path, encode_chunked=True)
s = c.sock
check(b"last", b"POST /run last")
assert c.sock is s, "the connection was not kept"
print("good")
`
	if got := run(t, python, "-c", script, url); got != "good\n" {
		t.Error(got)
	}
}

func TestJava(t *testing.T) {
	t.Parallel()
	javac, java := program(t, "javac", true), program(t, "java", true)
	url, dir := base(t), t.TempDir()
	run(t, javac, "-d", dir, filepath.Join("testdata", "Client.java"))
	if got := run(t, java, "-Xshare:auto", "-XX:TieredStopAtLevel=1", "-cp", dir, "Client", url); got != "good\n" {
		t.Error(got)
	}
}

func TestLoadGenerators(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("hey"); err != nil {
		program(t, "wrk", false) // one of the two will do
	}
	t.Run("hey", func(t *testing.T) {
		out := run(t, program(t, "hey", true), "-n", "2000", "-c", "50", "-t", "0", "-m", "POST", "-d", `{"value":{}}`, base(t)+"/run")
		if !strings.Contains(out, "[200]\t2000 responses") || strings.Contains(out, "Error") {
			t.Error(out)
		}
	})
	t.Run("wrk", func(t *testing.T) {
		out := run(t, program(t, "wrk", true), "-t", "2", "-c", "100", "-d", "1s", "--timeout", "3m", base(t)+"/run")
		if !strings.Contains(out, "requests in") || strings.Contains(out, "Non-2xx") || strings.Contains(out, "Socket errors") {
			t.Error(out)
		}
	})
}

// Go's own client, with many connections at once.
func TestGoClient(t *testing.T) {
	url := base(t)
	var all sync.WaitGroup
	for i := range 20 {
		all.Add(1)
		go func() {
			defer all.Done()
			for n := range 20 {
				path, body := []string{"/run/", "/stream/"}[n%2]+strconv.Itoa(i), strings.Repeat(strconv.Itoa(n), n*n*100)
				r, err := http.Post(url+path, "", strings.NewReader(body))
				if err != nil {
					t.Error(err)
					return
				}
				got, err := io.ReadAll(r.Body)
				r.Body.Close()
				if want := "POST " + path + " " + body; err != nil || string(got) != want {
					t.Errorf("%.100q, %v; want %.100q", got, err, want)
				}
			}
		}()
	}
	all.Wait()
}
