package clock_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
)

func TestAppendTime(t *testing.T) {
	for range 100_000 {
		ms := rand.Int64N(250_000_000_000_000) // until the year 9892
		if got, want := string(clock.AppendTime(nil, ms)), time.UnixMilli(ms).UTC().Format("2006-01-02T15:04:05.000Z"); got != want {
			t.Fatalf("%d: got %s, want %s", ms, got, want)
		}
	}
}
