package publish

import (
	"runtime"
	"testing"
)

func TestUnreachableDaemon(t *testing.T) {
	address := "tcp://" + freeAddress(t)
	t.Setenv("DOCKER_HOST", address)
	_, err := writeTo(t.Context(), Output{Type: Daemon}, "scratch", sample(t, "linux/"+runtime.GOARCH))
	want := "load scratch:latest: no Docker Engine answers at " + address + ": start it, or set DOCKER_HOST"
	if err == nil || err.Error() != want {
		t.Errorf("got  %v\nwant %s", err, want)
	}
}
