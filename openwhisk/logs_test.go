//go:build linux

package openwhisk_test

import (
	"strings"
	"testing"
)

// When a client has the answer, both streams end with their sentinel, after all that was logged before: the platform
// reads what is there at that moment (rule 34).
func TestLogIsCompleteWhenTheAnswerComes(t *testing.T) {
	for _, way := range []string{"alone", "exec"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := ways[way](t)
			before := [2]int{}
			for i := range 400 {
				value := []string{`{"do":"noise"}`, `{}`, `{"do":"panic"}`, `{"do":"collect"}`, `{"do":"nil"}`, `{"do":"print"}`, `"no object"`}[i%7]
				s.post("/run", `{"value":`+value+`}`)
				stdout, stderr := s.logs()
				for stream, log := range []string{stdout, stderr} {
					rest := log[before[stream]:]
					if !strings.HasSuffix("\n"+rest, "\n"+sentinel) || strings.Count(rest, sentinel) != 1 {
						t.Fatalf("run %d with %s: stream %d does not end with its one sentinel: %.500q", i, value, stream+1, rest)
					}
					if want := strings.Count(value, "noise") * 500; strings.Count(rest, "noise") != want {
						t.Fatalf("run %d: stream %d has %d lines, want %d", i, stream+1, strings.Count(rest, "noise"), want)
					}
					before[stream] = len(log)
				}
			}
		})
	}
}
