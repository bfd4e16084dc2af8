package rules

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// worker is an action of version 1 that does one run at a time, by words: "meet N DIR" answers when N runs are in the
// folder, "die" ends the process, "log TEXT" logs before the result.
const worker = `#!/bin/bash
echo '{"openwhisk":1}'
while IFS= read -r line; do
  set -- $(printf %s "$line" | tr -d '[]",{}')
  case $1 in
    do:meet) : >"$3/$$"; until [ "$(ls "$3" | wc -l)" -ge "$2" ]; do sleep 0.01; done ;;
    do:die) echo dying >&2; exit 3 ;;
    do:log) echo "$2" >&2; sleep 0.01; echo "$2 again" >&2 ;;
  esac
  echo "{\"pid\":$$}"
done
`

func workers(t *testing.T, settings ...string) *proxy {
	t.Helper()
	p := start(t, testkit.Env(append(settings, "__OW_ALLOW_CONCURRENT=true")...))
	if got := p.Init(worker); got != testkit.OK("OK") {
		t.Fatal(got)
	}
	return p
}

func do(words string) string { return `{"value":{"do":"` + words + `"}}` }

// together makes runs at the same time, and returns their answers in any order.
func (p *proxy) together(bodies ...string) []answer {
	p.T.Helper()
	answers := make(chan answer, len(bodies))
	for _, body := range bodies {
		go func() {
			a, err := p.TryPost("/run", body)
			if err != nil {
				a.Body = err.Error()
			}
			answers <- a
		}()
	}
	all := make([]answer, len(bodies))
	for i := range all {
		all[i] = <-answers
	}
	return all
}

// Four runs that wait for each other need four workers.
func TestWorkersMeet(t *testing.T) {
	t.Parallel()
	p := workers(t, "OW_WORKERS=4")
	if got := len(p.Descendants()); got != 1 {
		t.Errorf("%d workers before there was a run", got)
	}
	for range 3 {
		dir := t.TempDir()
		pids := map[string]bool{}
		for _, a := range p.together(do("meet 4 "+dir), do("meet 4 "+dir), do("meet 4 "+dir), do("meet 4 "+dir)) {
			if pids[a.Body] = true; a.Status != 200 {
				t.Fatalf("got %s\n%s", a, p.Log())
			}
		}
		if len(pids) != 4 {
			t.Errorf("the runs were those of %v", pids)
		}
	}
	p.Signal(syscall.SIGTERM)
	if status := p.Status(); status != 0 {
		t.Errorf("exit status %d", status)
	}
}

// More runs than workers wait for one.
func TestWorkersAreNoMore(t *testing.T) {
	t.Parallel()
	p := workers(t, "OW_WORKERS=2")
	pids := map[string]bool{}
	for range 5 {
		for _, a := range p.together(do("log x"), do("log x"), do("log x"), do("log x"), do("log x")) {
			if pids[a.Body] = true; a.Status != 200 {
				t.Fatalf("got %s", a)
			}
		}
	}
	if len(pids) > 2 {
		t.Errorf("the runs were those of %v", pids)
	}
}

// A worker that dies fails its own run alone, and is started anew.
func TestWorkerDies(t *testing.T) {
	t.Parallel()
	p := workers(t, "OW_WORKERS=3")
	for range 2 {
		dir := t.TempDir()
		waiting := make(chan []answer)
		go func() { waiting <- p.together(do("meet 3 "+dir), do("meet 3 "+dir)) }()
		testkit.Await(t, "two runs wait", func() bool { return len(entries(t, dir)) == 2 })
		if got := p.Post("/run", do("die")); got != testkit.Failed(502, "the action exited: exit status 3") {
			t.Errorf("the run that dies: %s", got)
		}
		if got := p.Post("/run", do("meet 3 "+dir)); got.Status != 200 {
			t.Errorf("a new worker: %s", got)
		}
		for _, a := range <-waiting {
			if a.Status != 200 {
				t.Errorf("beside it: %s", a)
			}
		}
	}
	// All die, and the next run has a new one.
	for _, a := range p.together(do("die"), do("die"), do("die")) {
		if a.Status != 502 {
			t.Errorf("got %s", a)
		}
	}
	if got := p.Post("/run", do("log x")); got.Status != 200 {
		t.Errorf("after all: %s", got)
	}
}

func entries(t *testing.T, dir string) []os.DirEntry {
	t.Helper()
	all, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// A worker that cannot be started any more is an answer, and a line of log.
func TestWorkerDoesNotStart(t *testing.T) {
	t.Parallel()
	p := workers(t, "OW_WORKERS=2")
	if got := p.Post("/run", do("die")); got.Status != 502 {
		t.Errorf("got %s", got)
	}
	if err := os.Remove(filepath.Join(p.Dir, "exec")); err != nil {
		t.Fatal(err)
	}
	if got := p.Post("/run", do("log x")); got.Status != 502 {
		t.Errorf("got %s\n%s", got, p.Log())
	}
	testkit.Await(t, "the log line", func() bool { return strings.Contains(p.Stderr.String(), "a worker did not start: ") })
}

// The lines of a run stand together, with its sentinels.
func TestWorkersLogs(t *testing.T) {
	t.Parallel()
	p := workers(t, "OW_WORKERS=4")
	var bodies []string
	for i := range 20 {
		bodies = append(bodies, do(fmt.Sprintf("log line%02d", i)))
	}
	for _, a := range p.together(bodies...) {
		if a.Status != 200 {
			t.Errorf("got %s", a)
		}
	}
	for i := range 20 {
		block := fmt.Sprintf("line%02d\nline%02d again\n%s\n%s\n", i, i, testkit.Sentinel, testkit.Sentinel)
		testkit.Await(t, "the log of a run", func() bool { return strings.Contains(p.Stdout.String(), block) })
	}
}

// With OW_LOG_FORMAT=json each line says which activation it is of.
func TestWorkersLogAsJSON(t *testing.T) {
	t.Parallel()
	p := workers(t, "OW_WORKERS=4", "OW_LOG_FORMAT=json")
	var bodies []string
	for i := range 20 {
		bodies = append(bodies, fmt.Sprintf(`{"activation_id":"line%02d","value":{"do":"log line%02d"}}`, i, i))
	}
	for _, a := range p.together(bodies...) {
		if a.Status != 200 {
			t.Errorf("got %s", a)
		}
	}
	testkit.Await(t, "all lines", func() bool { return strings.Count(p.Stdout.String(), "\n") == 40 })
	for _, r := range records(t, p.Stdout.String()) {
		if strings.TrimSuffix(r.Message, " again") != r.ID {
			t.Errorf("%q is of %q", r.Message, r.ID)
		}
	}
}

// One run at a time is the platform's default.
func TestWorkersAreThePlatformsToAllow(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Env("OW_WORKERS=4"))
	if got := p.Init(worker); got != testkit.OK("OK") {
		t.Fatal(got)
	}
	pids := map[string]bool{}
	for _, a := range p.together(do("log x"), do("log x"), do("log x"), do("log x")) {
		pids[a.Body] = true
	}
	if len(pids) != 1 {
		t.Errorf("the runs were those of %v", pids)
	}
}

// Version 2 has runs at a time of its own.
func TestWorkersSpeakVersion1(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Env("OW_WORKERS=4", "__OW_ALLOW_CONCURRENT=true"))
	got := p.Init("#!/bin/sh\necho '{\"openwhisk\":2,\"concurrency\":4}'\ncat\n")
	if text := got.Error(t); !strings.Contains(text, "this proxy speaks version 1 to several workers (OW_WORKERS)") {
		t.Errorf("got %s", got)
	}
}

// Workers among clients that leave, and logs without line ends, never mix runs up.
func TestWorkersChaos(t *testing.T) {
	t.Parallel()
	eachBuild(t, func(t *testing.T, binary string) {
		p := start(t, build(binary), testkit.Env("OW_WORKERS=4", "__OW_ALLOW_CONCURRENT=true")).ready(obey())
		chaos(t, p, "v1", 400)
	})
}
