package patient

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	tests := []struct {
		value string
		want  time.Duration
	}{
		{"7", 7 * time.Second},
		{"0", 0},
		{"Fri, 02 Jan 2026 03:04:35 GMT", 30 * time.Second},
		{"Fri, 02 Jan 2026 03:04:00 GMT", 0},
		{"-1", 0},
		{"soon", 0},
		{"", 0},
		{"99999999999999999999", 0},
	}
	for _, test := range tests {
		if got := RetryAfter(http.Header{"Retry-After": {test.value}}, now); got != test.want {
			t.Errorf("%q: %s, want %s", test.value, got, test.want)
		}
	}
}

func TestTry(t *testing.T) {
	failed := errors.New("failed")
	tests := []struct {
		name  string
		wait  time.Duration
		again func(try int) bool
		tries int
		took  time.Duration // at least
		busy  bool
	}{
		{"at once", 0, func(int) bool { return false }, 1, 0, false},
		{"the second time", 0, func(try int) bool { return try < 2 }, 2, time.Second, false},
		{"never", 0, func(int) bool { return true }, 4, 7 * time.Second, false},
		{"as long as it asks for", 30 * time.Second, func(try int) bool { return try < 2 }, 2, 30 * time.Second, false},
		{"longer than anybody waits", time.Hour, func(int) bool { return true }, 1, 0, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				began, tries := time.Now(), 0
				err := Patience{Retries: 3, Pause: time.Second}.Try(t.Context(), func() (time.Duration, bool, error) {
					tries++
					return test.wait, test.again(tries), failed
				})
				var busy *BusyError
				if !errors.Is(err, failed) || errors.As(err, &busy) != test.busy || tries != test.tries {
					t.Errorf("%d tries, %v", tries, err)
				}
				if took := time.Since(began); took < test.took || took > test.took*5/4 {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
	t.Run("until it is cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		err := Patience{Retries: 3, Pause: time.Hour}.Try(ctx, func() (time.Duration, bool, error) {
			cancel()
			return 0, true, failed
		})
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}
