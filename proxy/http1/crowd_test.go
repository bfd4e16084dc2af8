//go:build linux

package http1

import (
	"bufio"
	"io"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/epoll"
)

// openFiles is how many descriptors this process has.
func openFiles(t *testing.T) int {
	t.Helper()
	d, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(d)
}

// A thousand connections at once are served, each with its own answers, and leave nothing behind.
func TestThousandConnections(t *testing.T) {
	const connections, requests = 1000, 3
	s := &Server{tick: usualTick} // its ticker is to rest in the end
	s.Handler = &funcs{serve: func(r *Request) { go s.echo(r) }, stream: echoing().stream}
	serve(t, s)
	files, goroutines := openFiles(t), runtime.NumGoroutine()
	clients := make([]*client, connections)
	for i := range clients {
		clients[i] = dial(t, s)
	}
	var all sync.WaitGroup
	for i, c := range clients {
		all.Add(1)
		go func() {
			defer all.Done()
			defer c.Close()
			id := strconv.Itoa(i)
			for n := range requests {
				path := []string{"/a/", "/stream/"}[n%2] + id
				body := strings.Repeat(id, 1+n*1000)
				if _, err := c.Write([]byte(post(path, body))); err != nil {
					t.Error(err)
					return
				}
				r, got := c.answer("POST")
				if want := "POST " + path + " " + body; r.StatusCode != 200 || got != want {
					t.Errorf("answer %d %.100q, want %.100q", r.StatusCode, got, want)
					return
				}
			}
		}()
	}
	all.Wait()
	s.expectIdle(t)
	s.eventually(t, "the goroutines' end", func() bool { return runtime.NumGoroutine() <= goroutines })
	if got := openFiles(t); got > files {
		t.Errorf("%d descriptors are open, before there were %d", got, files)
	}
}

// childServer makes the test binary a server with few descriptors (see TestFewDescriptors): its arguments are their
// number, how many are taken, and the server's tick, if it is another than usual.
const childServer = "HTTP1_TEST_SERVER"

func TestMain(m *testing.M) {
	if args := os.Getenv(childServer); args != "" {
		serveAsChild(args)
	}
	debug.SetMemoryLimit(128 << 20) // the race detector takes several times as much
	os.Exit(m.Run())
}

func serveAsChild(args string) {
	words := append(strings.Fields(args), "")
	descriptors, _ := strconv.ParseUint(words[0], 10, 64)
	others, _ := strconv.Atoi(words[1])
	tick, _ := clock.Parse(words[2]) // 0 is the usual one
	check := func(err error) {
		if err != nil {
			panic(err)
		}
	}
	check(syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: descriptors, Max: descriptors}))
	s := &Server{Handler: echoing(), MaxBody: 1 << 20, tick: tick}
	var err error
	s.Loop, err = epoll.New()
	check(err)
	check(s.Listen(0))
	for range others {
		_, err := syscall.Dup(2)
		check(err)
	}
	go func() {
		bufio.NewReader(os.Stdin).ReadByte() // ends with its parent
		os.Exit(0)
	}()
	os.Stdout.WriteString(strconv.Itoa(s.Port()) + "\n")
	check(s.Serve())
}

// startChild starts a server in a process of its own and gives its port.
func startChild(t *testing.T, args string) (*exec.Cmd, string) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe")
	cmd.Env = append(os.Environ(), childServer+"="+args)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		stdin.Close()
		cmd.Wait()
	})
	port, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return cmd, strings.TrimSpace(port)
}

// When there are more connections than descriptors, those that are too many wait until others leave.
func TestFewDescriptors(t *testing.T) {
	tests := []struct{ name, args string }{
		{"its own limit", "64 0"},
		{"the kernel's limit", "64 35"},
		{"hardly any", "16 0"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, port := startChild(t, test.args)
			const connections = 120
			clients := make([]*client, connections)
			for i := range clients {
				clients[i] = dialPort(t, "127.0.0.1", port)
				clients[i].send(post("/"+strconv.Itoa(i), ""))
			}
			for i, c := range clients {
				c.expect(200, "POST /"+strconv.Itoa(i)+" ")
				c.Close()
			}
		})
	}
}

// A process that was paused has lost no patience: clients could not be served meanwhile. Because a busy machine may be
// too slow for the little patience that is left to them, one of several processes has to succeed.
func TestPausedProcess(t *testing.T) {
	t.Parallel()
	for tries := 10; !goesOnAfterPause(t); tries-- {
		if tries == 0 {
			t.Fatal("the connection was cut after a pause")
		}
	}
}

func goesOnAfterPause(t *testing.T) bool {
	const tick = clock.Second
	cmd, port := startChild(t, "64 0 "+tick.String())
	c := dialPort(t, "127.0.0.1", port)
	other := dialPort(t, "127.0.0.1", port)
	request := post("/a", "b")
	c.send(request[:20])
	other.send(post("/a", "b")) // served after what came before it
	other.expect(200, "POST /a b")
	signal := func(sig syscall.Signal) {
		if err := cmd.Process.Signal(sig); err != nil {
			t.Fatal(err)
		}
	}
	signal(syscall.SIGSTOP)
	time.Sleep(time.Duration(patience[waitHead]+2) * time.Duration(tick))
	signal(syscall.SIGCONT)
	io.WriteString(c, request[20:]) // fails when it was cut
	r, err := http.ReadResponse(c.r, nil)
	if err != nil {
		return false
	}
	r.Body.Close()
	return r.StatusCode == 200
}

// Large bodies wait for each other, so that all of them together do not take more memory than there is.
func TestManyLargeBodies(t *testing.T) {
	const connections, size, maxBody = 24, 3 << 20, 4 << 20
	const most = (maxBody + spareRoom) / (size + 4096)
	body := strings.Repeat("x", size)
	waiting := make(chan *Request, connections)
	s := serve(t, &Server{MaxBody: maxBody, Handler: &funcs{serve: func(r *Request) {
		if r.Path == "/small" {
			echo(r)
			return
		}
		waiting <- r
	}}})
	var all sync.WaitGroup
	for i := range connections {
		c := dial(t, s)
		all.Add(1)
		go func() {
			defer all.Done()
			if i%2 == 0 {
				c.Write([]byte(post("/large", body)))
			} else {
				c.Write([]byte("POST /large HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
					"300000\r\n" + body + "\r\n0\r\n\r\n"))
			}
			if r, got := c.answer("POST"); r.StatusCode != 200 || got != "ok" {
				t.Errorf("answer %d %.100q", r.StatusCode, got)
			}
			c.Close()
		}()
	}
	s.eventually(t, "a queue", func() bool { return len(s.queue) >= connections-most })
	small := dial(t, s) // small bodies do not wait
	small.send(post("/small", "x"))
	small.expect(200, "POST /small x")
	small.Close()
	for range connections {
		r := <-waiting
		if len(r.Body) != size {
			t.Errorf("body of %d bytes", len(r.Body))
		}
		if n := len(waiting) + 1; n > most {
			t.Errorf("%d bodies in memory, at most %d fit", n, most)
		}
		s.Loop.Do(func() { r.Answer(200, []byte("ok")) })
	}
	all.Wait()
	s.expectIdle(t)
}

// While others wait for memory, a body has to be there in time: it does not help to send a byte now and then.
func TestTrickleWhileOthersWait(t *testing.T) {
	const size = 20 << 20
	s := slowly(t, &funcs{serve: func(r *Request) { r.Answer(200, nil) }}, size)
	trickling, waiting := dial(t, s), dial(t, s)
	head := post("/a", strings.Repeat("x", size))
	trickling.send(head[:100])
	s.eventually(t, "the promise", func() bool { return s.promised > size })
	go waiting.Write([]byte(head))
	s.eventually(t, "the queue", func() bool { return len(s.queue) == 1 })
	for range patience[waitBody] + 1 {
		trickling.send("x")
		s.sweep()
	}
	trickling.expectCut()
	waiting.expect(200, "")
}
