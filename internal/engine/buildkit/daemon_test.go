package buildkit_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"sync"
	"testing"

	controlapi "github.com/moby/buildkit/api/services/control"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit/daemontest"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
)

// running returns the builds that the daemon is at.
func running(t *testing.T, d *daemontest.Daemon) []string {
	t.Helper()
	stream, err := d.Client(t).ControlClient().ListenBuildHistory(t.Context(), &controlapi.BuildHistoryRequest{ActiveOnly: true, EarlyExit: true})
	if err != nil {
		t.Fatal(err)
	}
	var running []string
	for {
		event, err := stream.Recv()
		if errors.Is(err, io.EOF) {
			return running
		}
		if err != nil {
			t.Fatal(err)
		}
		running = append(running, event.Record.GetRef())
	}
}

// lockedBuffer is written by one goroutine and read by another.
type lockedBuffer struct {
	mutex  sync.Mutex
	buffer bytes.Buffer
}

func (b *lockedBuffer) Write(p []byte) (int, error) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.Write(p)
}

func (b *lockedBuffer) String() string {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	return b.buffer.String()
}

// lines gathers what an engine shows.
type lines struct{ lockedBuffer }

func (l *lines) display() *progress.Display { return progress.New(l, progress.Plain) }

// with returns the lines that have a text in them.
func (l *lines) with(text string) []string {
	var found []string
	for line := range strings.Lines(l.String()) {
		if strings.Contains(line, text) {
			found = append(found, strings.TrimSuffix(line, "\n"))
		}
	}
	return found
}
