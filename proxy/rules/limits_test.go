package rules

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
)

// Under the container's limits of 1024 descriptors and 1024 processes.
func TestContainerLimits(t *testing.T) {
	t.Parallel()
	for protocol, clients := range map[string]int{"v1": 900, "v0": 200} {
		t.Run(protocol, func(t *testing.T) {
			p := start(t, protocols[protocol], env("__OW_ALLOW_CONCURRENT=true"), limited(t, "--nofile=1024:1024")).ready(obey())
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
	p := start(t, env("OW_PROTOCOL=v0", "__OW_ALLOW_CONCURRENT=true"), asUser(t, 54321), limited(t, "--nproc=60:60")).ready("#!/bin/sh\nsleep 0.1\necho '{}'\n")
	results := map[answer]int{}
	answers := make(chan answer)
	for range 200 {
		go func() {
			got, err := p.tryPost("/run", `{"value":{}}`)
			if err != nil {
				got = answer{0, err.Error()}
			}
			answers <- got
		}()
	}
	for range 200 {
		results[<-answers]++
	}
	for got, n := range results {
		if got.status != 200 && got != failed(502, noResult) {
			t.Errorf("%d answers: %s", n, got)
		}
	}
	if got := p.run(`{}`); got.status != 200 {
		t.Errorf("afterwards: %s", got)
	}
}

func TestRule23_LargeUploadsTakeLittleMemory(t *testing.T) {
	t.Parallel()
	size := 48 << 20
	for name, frame := range map[string]string{
		"binary first": `{"value":{"binary":true,"code":"%s"}}`,
		"binary last":  `{"value":{"code":"%s","binary":true}}`,
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t)
			code := zippedStored(t, file{name: "exec", content: obey()}, file{name: "data", content: strings.Repeat("0123456789abcdef", size/16)})
			body := fmt.Sprintf(frame, encoded(code))
			if got, want := p.post("/init", body), (answer{200, "OK"}); got != want {
				t.Fatalf("got %s", got)
			}
			const most = 12_000_000
			if peak := p.peakMemory(); peak > most {
				t.Errorf("the proxy took %d bytes", peak)
			}
			if got := p.run(`{}`); got.status != 200 {
				t.Errorf("run: %s", got)
			}
		})
	}
}

func TestRule23_TooLargeUploads(t *testing.T) {
	t.Parallel()
	p := start(t, env("OW_MAX_CODE=1MiB", "OW_MAX_BODY=1MiB"))
	for _, binary := range []bool{false, true} {
		code := "#!/bin/sh\n" + strings.Repeat("x", 2<<20)
		if got := p.post("/init", initBody(code, binary)); got.status != 413 {
			t.Errorf("binary %v: %s", binary, got)
		} else {
			got.error(t)
		}
	}
	if names := leftovers(t, p.dir); len(names) > 0 {
		t.Errorf("it left %q", names)
	}
	p.ready(obey())
	if got := p.run(`{"pad":"` + strings.Repeat("x", 2<<20) + `"}`); got.status != 413 {
		t.Errorf("run: %s", got)
	}
	var result struct{ Run int }
	if got := p.run(`{}`); json.Unmarshal([]byte(got.body), &result) != nil || result.Run != 1 {
		t.Errorf("run: %s", got)
	}
}
