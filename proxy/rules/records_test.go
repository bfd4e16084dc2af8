package rules

import (
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// A record is a line of the log with OW_LOG_FORMAT=json.
type record struct {
	Time      time.Time `json:"log_timestamp"`
	Stream    string    `json:"log_stream"`
	Message   string    `json:"log_message"`
	Namespace string    `json:"namespace"`
	ID        string    `json:"activation_id"`
}

// records reads all that was logged on a stream.
func records(t *testing.T, log string) (all []record) {
	t.Helper()
	for line := range strings.Lines(log) {
		var r record
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		if r.Time.Year() < 2020 {
			t.Errorf("%q: %v", line, r.Time)
		}
		all = append(all, r)
	}
	return all
}

// With OW_LOG_FORMAT=json each line is an object that says which activation it is of, and there are no sentinels.
func TestLogFormat(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		for _, together := range []bool{false, true} {
			collector, collect := testkit.Collect(t)
			settings := []setting{chosen, testkit.Env("OW_LOG_FORMAT=json"), collect}
			code := obey()
			if together {
				if protocol != "v0" && protocol != "v2" {
					continue
				}
				settings, code = append(settings, overlapping), obey(step{"concurrency", "8"})
			}
			if protocol != "v2" {
				code = obey()
			}
			p := start(t, settings...).ready(code)
			var runs sync.WaitGroup
			for i := range 8 {
				runs.Go(func() {
					id := fmt.Sprint("id", i)
					steps := []step{{"hex", "stderr", "c3a9225c00ff"}, {"stderr", id + "\nhalf"}}
					if together && protocol == "v2" {
						steps = []step{{"line", "log ID " + id + "\nlog ID more\n"}}
					}
					got, err := p.TryPost("/run", `{"activation_id":"`+id+`","namespace":"guest","value":`+doing(id, steps...)+`}`)
					if err == nil {
						err = checkOwn(got, id)
					}
					if err != nil {
						t.Error(err)
					}
				})
				if !together {
					runs.Wait()
				}
			}
			runs.Wait()
			log, stream := string(collector.Read(1)), "stderr"
			if together && protocol == "v2" {
				log, stream = string(collector.Read(0)), "stdout"
			}
			seen := map[string]int{}
			for _, r := range records(t, log) {
				if r.Namespace != "guest" || r.Stream != stream || strings.Contains(r.Message, "id") && !strings.HasSuffix(r.Message, r.ID) {
					t.Errorf("a record of somebody else: %+v", r)
				}
				if stream == "stderr" && strings.HasSuffix(r.Message, r.ID) && r.Message != "é\"\\\x00\ufffd"+r.ID {
					t.Errorf("the text is %q", r.Message)
				}
				seen[r.ID]++
			}
			for i := range 8 {
				if n := seen[fmt.Sprint("id", i)]; n != 2 {
					t.Errorf("run %d has %d lines", i, n)
				}
			}
			if all := log + string(collector.Read(0)); strings.Contains(all, testkit.Sentinel) {
				t.Errorf("there are sentinels: %s", all)
			}
		}
	})
}
