package buildkit_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit/daemontest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// TestStepsEndWithoutSandbox holds that no process of a step survives its build, be it cancelled or done, on builders
// that give steps no process namespace, such as those without root.
func TestStepsEndWithoutSandbox(t *testing.T) {
	t.Parallel()
	own := daemontest.Start(t, t.TempDir(), "--rootless", "--oci-worker-no-process-sandbox")
	mark := fmt.Sprint(1_000_000_000 + time.Now().UnixNano()%1_000_000_000) // seconds, which no other test sleeps
	e := open(t, buildkit.Options{Builders: []string{own.Address}})

	t.Run("cancelled", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		made := stepPlans(t, "x", images.Step{Script: "sleep " + mark + "; true"}) // here, as it may skip the test
		done := make(chan error, 1)
		go func() {
			_, err := e.Build(ctx, made)
			done <- err
		}()
		for len(processes(t, mark)) == 0 {
			select {
			case err := <-done:
				t.Fatalf("the step does not run: %v", err)
			case <-time.After(10 * time.Millisecond):
			}
		}
		cancel()
		if err := <-done; !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		testkit.Await(t, "the step's process is gone", func() bool { return len(processes(t, mark)) == 0 })
	})
	t.Run("left behind", func(t *testing.T) {
		if _, err := e.Build(t.Context(), stepPlans(t, "y", images.Step{Script: "sleep " + mark + " >/dev/null 2>&1 & true"})); err != nil {
			t.Error(err)
		}
		testkit.Await(t, "the step's process is gone", func() bool { return len(processes(t, mark)) == 0 })
	})
	t.Run("failed", func(t *testing.T) {
		_, err := e.Build(t.Context(), stepPlans(t, "z", images.Step{Script: "exit 3"}))
		if err == nil || !strings.Contains(err.Error(), "exit status 3") {
			t.Errorf("got %v", err)
		}
	})
}
