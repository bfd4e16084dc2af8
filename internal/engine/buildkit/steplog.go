package buildkit

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"unicode"

	"github.com/charmbracelet/x/ansi"
	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/llb"
	gatewayapi "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/errdefs"
	"github.com/moby/buildkit/solver/pb"
	digest "github.com/opencontainers/go-digest"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
)

// stepLog keeps the last output of each step of a solve, for an error of one line.
type stepLog struct {
	mutex sync.Mutex
	steps map[digest.Digest]step
	said  map[digest.Digest][]byte // the end of the output
}

// step is a step of an image, by its public name.
type step struct {
	name     string // such as run-1
	platform images.Platform
}

func (s step) String() string { return s.name + " for " + string(s.platform) }

func newStepLog() *stepLog {
	return &stepLog{steps: map[digest.Digest]step{}, said: map[digest.Digest][]byte{}}
}

// expect records the vertices of a definition that are the steps of an image. A vertex comes after its inputs, and each
// step is built on those before it.
func (l *stepLog) expect(image plan.Image, definition *llb.Definition) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	n := 0
	for _, vertex := range definition.Def {
		var op pb.Op
		if op.Unmarshal(vertex) == nil && op.GetExec() != nil && n < len(image.Runs) {
			l.steps[digest.FromBytes(vertex)] = step{image.Runs[n].Name, image.Platform}
			n++
		}
	}
}

// listen returns a channel for the statuses of a solve. They are passed on to next, which is closed after it.
func (l *stepLog) listen(next chan<- *client.SolveStatus) chan *client.SolveStatus {
	statuses := make(chan *client.SolveStatus)
	go func() {
		defer close(next)
		for status := range statuses {
			l.hear(status.Logs)
			next <- status
		}
	}()
	return statuses
}

// memory is how many bytes of a step's output are kept.
const memory = 2 << 10

func (l *stepLog) hear(logs []*client.VertexLog) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	for _, log := range logs {
		said := append(l.said[log.Vertex], log.Data...)
		l.said[log.Vertex] = said[max(0, len(said)-memory):]
	}
}

// stepError is the error of a step whose program has failed. It would fail on another builder, too.
type stepError struct {
	step
	status uint32
	said   string
}

func (e *stepError) Error() string {
	text := fmt.Sprintf("%s: its script ended with exit status %d", e.step, e.status)
	if e.said != "" {
		text += "; the end of what it wrote: " + e.said
	}
	return text
}

// explain returns the error of a solve with the step that it is about: a [stepError] if the step's program has failed,
// and a [lostError] if the builder could not start it.
func (l *stepLog) explain(err error) error {
	var vertex *errdefs.VertexError
	if !errors.As(err, &vertex) {
		return err
	}
	l.mutex.Lock()
	defer l.mutex.Unlock()
	failed, known := l.steps[digest.Digest(vertex.Digest)]
	var exit *gatewayapi.ExitError
	switch {
	case !known:
		return err
	case !errors.As(err, &exit):
		return fmt.Errorf("%s: %w", failed, err)
	}
	said := lastLines(l.said[digest.Digest(vertex.Digest)])
	switch {
	case strings.HasSuffix(said, "exec /bin/sh: exec format error"):
		return &lostError{reason: fmt.Sprintf("it runs no programs of %s, which the steps of the image need: add a builder of that platform, or register QEMU on its machine", failed.platform)}
	case strings.HasPrefix(said, "runc run failed: "): // runc writes this to the output of a program that it cannot start
		return &lostError{reason: fmt.Sprintf("it cannot start %s: %s", failed, said)}
	}
	return &stepError{failed, exit.ExitCode, said}
}

// lastLines returns the last five lines of an output that are not empty, as one line.
func lastLines(output []byte) string {
	var last []string
	for line := range strings.Lines(ansi.Strip(strings.ToValidUTF8(string(output), ""))) {
		words := strings.FieldsFunc(line, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) })
		if len(words) > 0 {
			last = append(last, strings.Join(words, " "))
		}
	}
	return strings.Join(last[max(0, len(last)-5):], " | ")
}
