package rules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// tooLong is the answer to a run whose result is longer than OW_MAX_BODY.
func tooLong(most int) answer {
	return testkit.Failed(502, fmt.Sprintf("the action was ended: its result is longer than %d bytes (OW_MAX_BODY)", most))
}

// afterTooLong is what a run after it gets: a process that was ended stays so.
func afterTooLong(protocol string, most int) (answer, bool) {
	switch protocol {
	case "v0":
		return answer{}, false
	case "actionloop":
		return testkit.Failed(500, "command exited"), true
	}
	return testkit.Failed(500, fmt.Sprintf("the action exited: its result is longer than %d bytes (OW_MAX_BODY)", most)), true
}

func TestRule31_AResultHasABound(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		for _, most := range []int{1000, 4096, 5000, 1 << 20} {
			result := func(length int, end string) []step {
				return []step{{"result", `{"a":"`}, {"fill", "result", fmt.Sprint(length - 8)}, {"result", `"}` + end}}
			}
			p := start(t, chosen, testkit.Env(fmt.Sprint("OW_MAX_BODY=", most))).ready(obey())
			ends := []string{"\n"}
			if protocol == "v0" {
				ends = append(ends, "")
			}
			runs := 0
			for _, end := range ends {
				for range 2 {
					if got := p.do(result(most, end)...); got.Status != 200 || len(got.Body) != most {
						t.Fatalf("%d bytes: %d bytes, %s", most, len(got.Body), got)
					}
					runs++
				}
			}
			for _, end := range ends {
				if got := p.do(append([]step{{"stderr", "half"}}, result(most+1, end)...)...); got != tooLong(most) {
					t.Errorf("a byte too many: %s", got)
				}
				runs++
				if _, stderr := p.Ended(runs); stderr[runs-1] != "half\n" {
					t.Errorf("the log is %q", stderr[runs-1])
				}
				testkit.Await(t, "the action is gone", func() bool { return len(p.Descendants()) == 0 })
				if want, dead := afterTooLong(protocol, most); dead {
					if got := p.Run(`{}`); got != want {
						t.Errorf("afterwards: %s, want %s", got, want)
					}
				} else if got := p.Run(`{}`); got.Status != 200 {
					t.Errorf("afterwards: %s", got)
				}
				runs++
			}
		}
	})
}

// endless is more than anybody waits for.
const endless = "100000000000"

// A line without an end costs no more memory than the longest that is allowed, and
// the memory comes back.
func TestRule31_AnEndlessResultIsCut(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		const most = 32 << 20
		p := start(t, chosen, testkit.Env("OW_MAX_BODY=32MiB")).ready(obey())
		if got := p.do(step{"fill", "result", endless}); got != tooLong(most) {
			t.Errorf("got %s", got)
		}
		if peak := p.peakMemory(); peak > 3*most {
			t.Errorf("the proxy took %d bytes", peak)
		}
		testkit.Await(t, "the memory comes back", func() bool { return p.residentMemory() < most/2 })
		testkit.Await(t, "the action is gone", func() bool { return len(p.Descendants()) == 0 })
	})
}

func TestRule14_AnEndlessHandshakeIsCut(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string][]string{
		"v1":                     {},
		"descriptor 3":           {"OW_RESULT_FD=3"},
		"acknowledgement":        {"OW_PROTOCOL=actionloop", "OW_WAIT_FOR_ACK=1"},
		"no handshake":           {"OW_HANDSHAKE=off"},
		"acknowledgement, no OW": {"OW_PROTOCOL=actionloop"},
	} {
		t.Run(name, func(t *testing.T) {
			p := start(t, testkit.Env(append(settings, "OW_MAX_BODY=1MiB")...))
			// It may be taken for started within 10 ms where it need not say anything.
			got := p.Init(obey(step{"stderr", "why\n"}, step{"fill", "result", endless}))
			if got.Status == 200 {
				got = p.Run(`{}`)
			}
			if got.Status != 502 {
				t.Errorf("got %s", got)
			}
			if logs := p.Stderr.String(); !strings.Contains(got.Error(t)+logs, " is longer than 1048576 bytes (OW_MAX_BODY)") {
				t.Errorf("it answers %s and logs %q", got, logs)
			}
			testkit.Await(t, "the action is gone", func() bool { return len(p.Descendants()) == 0 })
		})
	}
}

// What is log has no bound: it goes through as it comes, lines or not.
func TestRule34_ALogLineHasNoBound(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		const size = 20_000_000
		p := start(t, chosen, testkit.Env("OW_MAX_BODY=1MiB")).ready(obey())
		want := int64(size + len("\n"+testkit.Sentinel+"\n"))
		for _, stream := range logChannels[protocol] {
			if protocol == "v0" && stream == "stdout" {
				continue // a line of it may be the result
			}
			out := map[string]*testkit.Output{"stdout": p.Stdout, "stderr": p.Stderr}[stream]
			before := out.Size()
			if got := p.do(step{"fill", stream, fmt.Sprint(size)}); got.Status != 200 {
				t.Errorf("%s: %s", stream, got)
			}
			testkit.Await(t, "the log is there", func() bool { return out.Size() >= before+want })
		}
		if peak := p.peakMemory(); peak > 16_000_000 {
			t.Errorf("the proxy took %d bytes", peak)
		}
	})
}

// Version 0 reads its output once, however long the last line is, and lines before
// it are logged as they came.
func TestRule29_TheLastLineInManyPieces(t *testing.T) {
	t.Parallel()
	c, files := testkit.Collect(t)
	p := start(t, testkit.Env("OW_PROTOCOL=v0"), files).ready(obey())
	random := seeded(t)
	for range 20 {
		var all strings.Builder
		steps := []step{}
		for range 1 + random.IntN(30) {
			piece := strings.Repeat(string(rune('a'+random.IntN(26))), random.IntN(1+random.IntN(9000)))
			if random.IntN(2) == 0 {
				piece += strings.Repeat("\n", 1+random.IntN(3))
			}
			all.WriteString(piece)
			steps = append(steps, step{"result", piece}, step{"drained"})
		}
		log, end := all.String(), "\n"
		if log != "" && !strings.HasSuffix(log, "\n") {
			steps = append(steps, step{"result", "\n"})
			log += "\n"
		}
		if random.IntN(2) == 0 {
			end = ""
		}
		last := `{"last":"` + strings.Repeat("z", random.IntN(100_000)) + `"}`
		got := p.do(append(steps, step{"result", last[:len(last)/2]}, step{"drained"}, step{"result", last[len(last)/2:] + end})...)
		if got != testkit.OK(last) {
			t.Fatalf("got %s, want %.100s", got, last)
		}
		if logs := c.Activation(); logs[0] != log {
			t.Fatalf("logged %d bytes, want %d: %.200q, want %.200q", len(logs[0]), len(log), logs[0], log)
		}
	}
}

// A request with very many members costs one pass.
func TestRule25_VeryManyMembers(t *testing.T) {
	t.Parallel()
	const members = 100_000
	var body strings.Builder
	body.WriteString(`{"value":{}`)
	for i := range members {
		fmt.Fprintf(&body, `,"m%d":%d`, i, i)
	}
	body.WriteString("}")
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		p := start(t, chosen).ready(obey())
		for range 3 {
			// The kernel gives no process so large an environment: that is an answer, too.
			if got := p.Post("/run", body.String()); got.Status != 200 && (protocol != "v0" || got != testkit.Failed(502, noResult)) {
				t.Errorf("got %s", got)
			}
		}
		if got := p.Run(`{}`); got.Status != 200 {
			t.Errorf("afterwards: %s", got)
		}
	})
}
