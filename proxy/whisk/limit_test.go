//go:build linux

package whisk

import (
	"strconv"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
)

func TestStartLimit(t *testing.T) {
	in := func(d clock.Duration) string {
		return strconv.FormatInt(clock.UnixMilli()+int64(d/clock.Millisecond), 10)
	}
	unset := Config{InitTimeout: noLimit}
	for name, c := range map[string]struct {
		config   Config
		protocol Protocol
		env      [][2]string
		// at most this, and not less than it by more than a busy machine takes for a line of Go
		want clock.Duration
	}{
		"set":                         {Config{InitTimeout: 5 * clock.Second}, ActionLoop, [][2]string{{"__OW_DEADLINE", in(clock.Hour)}}, 5 * clock.Second},
		"set to nothing":              {Config{InitTimeout: 0}, V1, nil, 0},
		"five minutes":                {unset, V1, [][2]string{{"A", "b"}, {"__OW_DEADLINE", in(5 * clock.Minute)}}, 5*clock.Minute - clock.Second},
		"five minutes, ActionLoop":    {unset, ActionLoop, [][2]string{{"__OW_DEADLINE", in(5 * clock.Minute)}}, 5*clock.Minute - clock.Second},
		"five minutes, exec":          {unset, Exec, [][2]string{{"__OW_DEADLINE", in(5 * clock.Minute)}}, 5*clock.Minute - clock.Second},
		"two seconds":                 {unset, V1, [][2]string{{"__OW_DEADLINE", in(2 * clock.Second)}}, 1800 * clock.Millisecond},
		"the last of several":         {unset, V1, [][2]string{{"__OW_DEADLINE", "1"}, {"__OW_DEADLINE", in(clock.Hour)}}, clock.Hour - clock.Second},
		"no deadline":                 {unset, V1, nil, clock.Minute},
		"no deadline, exec":           {unset, Exec, nil, clock.Minute},
		"no deadline, ActionLoop":     {unset, ActionLoop, nil, noLimit},
		"one that has passed":         {unset, V1, [][2]string{{"__OW_DEADLINE", "123"}}, clock.Minute},
		"one that passed, ActionLoop": {unset, ActionLoop, [][2]string{{"__OW_DEADLINE", in(-clock.Second)}}, noLimit},
		"no number":                   {unset, V1, [][2]string{{"__OW_DEADLINE", "soon"}}, clock.Minute},
		"a quote":                     {unset, V1, [][2]string{{"__OW_DEADLINE", `"`}}, clock.Minute},
		"below zero, ActionLoop":      {unset, ActionLoop, [][2]string{{"__OW_DEADLINE", "-9223372036854775808"}}, noLimit},
		"the end of time":             {unset, V1, [][2]string{{"__OW_DEADLINE", "500000000000000000"}}, 100 * 365 * 24 * clock.Hour},
		"empty":                       {unset, V1, [][2]string{{"__OW_DEADLINE", ""}}, clock.Minute},
		"too large a number":          {unset, ActionLoop, [][2]string{{"__OW_DEADLINE", "99999999999999999999999999"}}, noLimit},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.config.startLimit(c.protocol, c.env)
			if ahead := c.want > clock.Second && c.env != nil; got > c.want || got != c.want && !ahead || got >= 0 && got < c.want/2 {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}
