//go:build linux

package whisk

import (
	"strconv"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
)

// noLimit is for a start that may take as long as the platform lets it.
const noLimit clock.Duration = -1

// lastSecond is how long before its deadline an /init is given up, for the answer has to arrive in time.
const lastSecond = 1000 // in milliseconds

// startLimit returns how long an action that speaks p may take for its start: for a handshake, an acknowledgement, or
// to take this process's place. That is OW_INIT_TIMEOUT where it is set. Else it ends one second before the deadline
// that env has for the /init, or a tenth of the time that is left if that is less. An /init without a deadline ahead
// has no limit in ActionLoop, as in existing proxies, and 60 s in the others. A negative limit is none.
func (c *Config) startLimit(p Protocol, env [][2]string) clock.Duration {
	if c.InitTimeout >= 0 {
		return c.InitTimeout
	}
	var end int64
	for _, v := range env {
		if v[0] == "__OW_DEADLINE" {
			end = milliseconds(v[1])
		}
	}
	const century = 100 * 365 * 24 * 3600 * 1000 // more is no Duration
	if left := min(end-clock.UnixMilli(), century); left > 0 {
		return clock.Duration(left-min(lastSecond, left/10)) * clock.Millisecond
	}
	if p == ActionLoop {
		return noLimit
	}
	return clock.Minute
}

// milliseconds reads a time since 1970. Another text gives 0, which is long past.
func milliseconds(text string) int64 {
	n, err := strconv.ParseInt(text, 10, 60)
	if err != nil {
		return 0
	}
	return n
}
