package rules

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// Under the container's limits of 1024 descriptors and 1024 processes.
func TestContainerLimits(t *testing.T) {
	t.Parallel()
	for protocol, clients := range map[string]int{"v1": 900, "v0": 200} {
		t.Run(protocol, func(t *testing.T) {
			p := start(t, protocols[protocol], testkit.Env("__OW_ALLOW_CONCURRENT=true"), limited(t, "--nofile=1024:1024")).ready(obey())
			crowd(t, p, clients, 2)
			if n := p.threads(); n > 100 {
				t.Errorf("%d threads are left", n)
			}
		})
	}
}

// The processes and threads of a user are limited as a container's are; runs
// that find no room wait or fail by themselves, and the proxy lives on.
func TestFewProcesses(t *testing.T) {
	t.Parallel()
	user := 100_000 + uint32(os.Getpid()) // nobody else's processes count
	prlimit, err := exec.LookPath("prlimit")
	if err != nil {
		t.Skip("no prlimit on this machine")
	}
	p := start(t, testkit.Env("OW_PROTOCOL=v0", "__OW_ALLOW_CONCURRENT=true"), asUser(t, user)).ready("#!/bin/sh\nsleep 0.1\necho '{}'\n")
	burst := func() map[answer]int {
		const clients = 200
		answers := make(chan answer)
		for range clients {
			go func() {
				got, err := p.TryPost("/run", `{"value":{}}`)
				if err != nil {
					got = answer{Body: err.Error()}
				}
				answers <- got
			}()
		}
		results := map[answer]int{}
		for range clients {
			results[<-answers]++
		}
		return results
	}
	for got, n := range burst() {
		if got.Status != 200 {
			t.Errorf("%d answers: %s", n, got)
		}
	}
	// The threads that it needs are there by now: Go ends a program that gets none.
	most := p.threads() + 40
	limit := exec.Command(prlimit, fmt.Sprintf("--pid=%d", p.Cmd.Process.Pid), fmt.Sprintf("--nproc=%d:%d", most, most))
	limit.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: user, Gid: user}}
	if out, err := limit.CombinedOutput(); err != nil {
		t.Fatalf("prlimit: %v\n%s", err, out)
	}
	for got, n := range burst() {
		if got.Status != 200 && got != testkit.Failed(502, noResult) {
			t.Errorf("%d answers within the limit: %s", n, got)
		}
	}
	if got := p.Run(`{}`); got.Status != 200 {
		t.Errorf("afterwards: %s", got)
	}
}

func TestRule23_LargeUploadsTakeLittleMemory(t *testing.T) {
	t.Parallel()
	const size = 48 << 20
	code := encoded(testkit.ZipStored(t, file{Name: "exec", Content: obey()}, file{Name: "data", Content: strings.Repeat("0123456789abcdef", size/16)}))
	for name, frame := range map[string][2]string{
		"binary first": {`{"value":{"binary":true,"code":"`, `"}}`},
		"binary last":  {`{"value":{"code":"`, `","binary":true}}`},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t)
			c := p.Dial()
			fmt.Fprintf(c, "POST /init HTTP/1.1\r\nHost: action\r\nContent-Length: %d\r\n\r\n%s", len(frame[0])+len(code)+len(frame[1]), frame[0])
			io.Copy(c, struct{ io.Reader }{strings.NewReader(code)}) // piece by piece: this process has not the memory for copies
			io.WriteString(c, frame[1])
			if got, err := c.Answer(); err != nil || got != testkit.OK("OK") {
				t.Fatalf("got %s %v", got, err)
			}
			const most = 12_000_000
			peak := p.peakMemory()
			if t.Logf("the proxy took %d bytes", peak); peak > most {
				t.Errorf("that is more than %d", most)
			}
			if got := p.Run(`{}`); got.Status != 200 {
				t.Errorf("run: %s", got)
			}
		})
	}
}

func TestRule23_TooLargeUploads(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Env("OW_MAX_CODE=1MiB", "OW_MAX_BODY=1MiB"))
	code := "#!/bin/sh\n" + strings.Repeat("x", 2<<20)
	for form, code := range map[string]any{"text": code, "base64": []byte(code)} {
		if got := p.Post("/init", testkit.InitBody(code, nil)); got.Status != 413 {
			t.Errorf("%s: %s", form, got)
		} else {
			got.Error(t)
		}
	}
	if names := leftovers(t, p.Dir); len(names) > 0 {
		t.Errorf("it left %q", names)
	}
	p.ready(obey())
	if got := p.Run(`{"pad":"` + strings.Repeat("x", 2<<20) + `"}`); got.Status != 413 {
		t.Errorf("run: %s", got)
	}
	var result struct{ Run int }
	if got := p.Run(`{}`); json.Unmarshal([]byte(got.Body), &result) != nil || result.Run != 1 {
		t.Errorf("run: %s", got)
	}
}
