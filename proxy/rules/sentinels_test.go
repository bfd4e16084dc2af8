package rules

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// logChannels are the streams that are logs, by protocol.
var logChannels = map[string][]string{
	"v0":         {"stdout", "stderr"},
	"v1":         {"stderr"},
	"quiet":      {"stdout", "stderr"},
	"actionloop": {"stdout", "stderr"},
}

func TestRule34_TheSentinelEndsEachRunsLog(t *testing.T) {
	t.Parallel()
	logs := map[string]string{
		"nothing":                       "",
		"a line":                        "hello\n",
		"no line end":                   "one\ntwo",
		"an empty line":                 "\n",
		"CR":                            "progress 1%\rprogress 100%",
		"the testkit.Sentinel's name":   "I know of " + testkit.Sentinel + " too\n",
		"the testkit.Sentinel, cut off": testkit.Sentinel[:20],
		"NUL":                           "a\x00b\n",
		"unicode":                       "❄ ☃ ❄\n",
		"no UTF-8":                      "\xff\xfe\x80\n\xc3",
		"a long line":                   strings.Repeat("x", 200_000),
		"many lines":                    strings.Repeat("line\n", 50_000),
	}
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		p := start(t, chosen).ready(obey())
		runs := 0
		for name, log := range logs {
			for _, stream := range logChannels[protocol] {
				if got := p.do(step{"hex", stream, fmt.Sprintf("%x", log)}, step{"result", answerAfter(protocol, stream, log)}); got != testkit.OK("{}") {
					t.Fatalf("%s: got %s", name, got)
				}
				want := log
				if want != "" && !strings.HasSuffix(want, "\n") {
					want += "\n"
				}
				runs++
				stdout, stderr := p.Ended(runs)
				got, other := stdout[runs-1], stderr[runs-1]
				if stream == "stderr" {
					got, other = other, got
				}
				if got != want || other != "" {
					t.Errorf("%s on %s: got %.200q, want %.200q, and %.200q elsewhere", name, stream, got, want, other)
				}
			}
		}
	})
}

// answerAfter is an empty result. In version 0 stdout is a log, too, so that the
// result needs a line of its own.
func answerAfter(protocol, stream, log string) string {
	if protocol == "v0" && stream == "stdout" && log != "" && !strings.HasSuffix(log, "\n") {
		return "\n{}\n"
	}
	return "{}\n"
}

func TestRule34_HundredMegabytesOfLogs(t *testing.T) {
	t.Parallel()
	size := 10_000_000
	if *long {
		size = 100_000_000
	}
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		p := start(t, chosen).ready(obey())
		var steps []step
		for _, stream := range logChannels[protocol] {
			steps = append(steps, step{"flood", stream, fmt.Sprint(size)}, step{stream, "the end"})
		}
		if protocol == "v0" {
			steps = append(steps, step{"stdout", "\n"})
		}
		for n := 1; n <= 2; n++ {
			if got := p.do(append(steps, step{"result", "{}\n"})...); got != testkit.OK("{}") {
				t.Fatalf("got %s", got)
			}
			for _, stream := range logChannels[protocol] {
				out := map[string]*testkit.Output{"stdout": p.Stdout, "stderr": p.Stderr}[stream]
				want := int64(n * (size/64*64 + len("the end\n"+testkit.Sentinel+"\n")))
				testkit.Await(t, "the whole log is there", func() bool { return out.Size() >= want })
				if got := out.Tail(100); out.Size() != want || !strings.HasSuffix(got, " 0123456789abcde\nthe end\n"+testkit.Sentinel+"\n") {
					t.Errorf("%s: %d bytes, want %d; it ends in %q", stream, out.Size(), want, got)
				}
			}
		}
	})
}

func TestRule34_LaterOutputGoesToTheNextRun(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"v1", "quiet", "actionloop"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			p := start(t, protocols[protocol]).ready(obey())
			const late = 50_000
			ended := newGate(t)
			p.do(step{"stderr", "first\n"}, step{"after", fmt.Sprintf(`[["await",%q],["stderr","late\n"],["flood","stderr","%d"],["stderr","half"]]`, ended.file, late)})
			p.Ended(1)
			ended.open()
			p.do(step{"stderr", " and half\n"})
			_, stderr := p.Ended(2)
			if stderr[0] != "first\n" {
				t.Errorf("the first run's log is %q", stderr[0])
			}
			if !strings.HasPrefix(stderr[1], "late\n") || !strings.HasSuffix(stderr[1], "\nhalf and half\n") || len(stderr[1]) != len("late\n")+late/64*64+len("half and half\n") {
				t.Errorf("the second run's log has %d bytes: %.100q", len(stderr[1]), stderr[1])
			}
		})
	}
}

// What an action says while it starts belongs to no run yet, and is kept; so is
// what it says when it ends.
func TestRule34_NothingIsLost(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"v1", "quiet", "actionloop"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			p := start(t, protocols[protocol]).ready(obey(step{"flood", "stderr", "200000"}, step{"stderr", "begin\n"}))
			p.Run(`{}`)
			p.Signal(15)
			if status := p.Status(); status != 0 {
				t.Errorf("exit status %d", status)
			}
			p.Logged("bye")
			if got, want := p.Stderr.String(), strings.Repeat(strings.Repeat("0123456789abcde ", 4)[:63]+"\n", 200000/64)+"begin\n"+testkit.Sentinel+"\nbye\n"; got != want {
				t.Errorf("got %d bytes, want %d: …%.300q", len(got), len(want), got[max(0, len(got)-300):])
			}
		})
	}
}

func TestRule35_NothingElseOfOurs(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		p := start(t, chosen).ready(obey())
		for range 5 {
			p.do(step{"stderr", "log\n"})
		}
		p.Ended(5)
		if want := strings.Repeat(testkit.Sentinel+"\n", 5); p.Stdout.String() != want {
			t.Errorf("stdout is %q", p.Stdout)
		}
		if want := strings.Repeat("log\n"+testkit.Sentinel+"\n", 5); p.Stderr.String() != want {
			t.Errorf("stderr is %q", p.Stderr)
		}
	})
}

// A deadline that passes during a run is told in its log, and nothing else happens.
func TestRule24_ADeadlineThatPassesIsLogged(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, _ string, chosen setting) {
		// On a busy machine the run may begin too late to be in time: then it gets more.
		for time, runs := 100*time.Millisecond, 1; ; time, runs = 4*time, runs+1 {
			p := start(t, chosen).ready(obey())
			value := doing("", step{"sleep", (2 * time).String()})
			if got := p.Post("/run", fmt.Sprintf(`{"deadline":"%d","value":%s}`, in(time), value)); got.Status != 200 {
				t.Errorf("got %s", got)
			}
			if _, stderr := p.Ended(1); strings.Contains(stderr[0], " ms after its deadline\n") {
				return
			}
			if runs == 5 {
				t.Fatal("nothing was logged")
			}
		}
	})
}

// in is a time from now, in milliseconds since 1970.
func in(d time.Duration) int64 { return time.Now().Add(d).UnixMilli() }

// A deadline that was over before the run began, or is still ahead when it ends,
// is no matter: the platform's own tests send 123 and want the log empty.
func TestRule24_OtherDeadlinesAreNot(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		p := start(t, chosen).ready(obey())
		deadlines := []string{`"123"`, `123`, `"1000"`, `0`, `-1`, `"soon"`, `null`, fmt.Sprint(in(-time.Second)), fmt.Sprint(in(time.Hour))}
		for n, deadline := range deadlines {
			for _, value := range []string{`{}`, doing("", step{"result", "null\n"})} {
				p.Post("/run", `{"deadline":`+deadline+`,"value":`+value+`}`)
			}
			stdout, stderr := p.Ended(2 * (n + 1))
			bad := "null\n"
			if protocol == "actionloop" {
				bad = ""
			}
			if got := strings.Join(append(stdout[2*n:], stderr[2*n:]...), ""); got != bad {
				t.Errorf("%s: logged %q", deadline, got)
			}
		}
	})
}

func TestRule34_FailedInitsWriteSentinelsWhereWanted(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		protocol string
		log      string
		want     int
	}{{"v0", "", 1}, {"v1", "", 0}, {"actionloop", "", 0}, {"quiet", "", 0}, {"v1", "1", 1}, {"actionloop", "1", 1}} {
		t.Run(c.protocol+c.log, func(t *testing.T) {
			p := start(t, protocols[c.protocol], testkit.Env("OW_LOG_INIT_ERROR="+c.log))
			if got := p.Init("#!/no/such\n"); got.Status != 502 {
				t.Errorf("got %s", got)
			}
			p.Ended(c.want)
			p.ready(obey())
			p.Run(`{}`)
			p.Ended(c.want + 1)
		})
	}
}
