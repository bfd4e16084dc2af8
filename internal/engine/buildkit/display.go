package buildkit

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/moby/buildkit/client"
	digest "github.com/opencontainers/go-digest"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
)

// display shows the work of all builders among the steps of the run: a step for each solve, and one for each vertex
// that takes time, with the output of its program. BuildKit's own displays (util/progress/progressui) draw a screen of
// their own, or write lines that are out of order until the build ends.
type display struct {
	*progress.Display
	mutex   sync.Mutex
	claimed map[string]bool // builder and vertex; a vertex that several solves share is shown once
}

// newDisplay returns a display on another one, or on none if that is nil.
func newDisplay(on *progress.Display) *display {
	if on == nil {
		on = progress.New(io.Discard, progress.None)
	}
	return &display{Display: on, claimed: map[string]bool{}}
}

// claim reports whether the caller is the first to show a vertex.
func (d *display) claim(key string) bool {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	if d.claimed[key] {
		return false
	}
	d.claimed[key] = true
	return true
}

func (d *display) release(key string) {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	delete(d.claimed, key)
}

// follower shows one solve.
type follower struct {
	display        *display
	image, builder string
	whole          *progress.Step
	statuses       chan *client.SolveStatus         // which the solve closes
	done           chan struct{}                    // is closed after that
	steps          map[digest.Digest]*progress.Step // of running vertices; nil if another solve shows it, or after its end
	running        []*client.VertexStatus           // parts of vertices
}

// follow begins to show the work on a solve.
func (d *display) follow(s *solve) *follower {
	f := &follower{
		display: d, image: s.name(), builder: s.builder.address, whole: s.step,
		statuses: make(chan *client.SolveStatus), done: make(chan struct{}),
		steps: map[digest.Digest]*progress.Step{},
	}
	go func() {
		defer close(f.done)
		for status := range f.statuses {
			f.update(status)
		}
		for sum := range f.steps {
			f.end(sum, "", context.Canceled)
		}
	}()
	return f
}

// update shows a status: vertices that start, their output, and vertices that end.
func (f *follower) update(status *client.SolveStatus) {
	for _, vertex := range status.Vertexes {
		if worthShowing(vertex) && vertex.Started != nil {
			f.start(vertex)
		}
	}
	for _, s := range status.Statuses {
		f.note(s)
	}
	for _, log := range status.Logs {
		if step := f.steps[log.Vertex]; step != nil {
			_, _ = step.Write(log.Data) // it never fails
		}
	}
	for _, vertex := range status.Vertexes {
		_, detail := f.name(vertex.Name)
		switch {
		case vertex.Completed == nil:
		case strings.HasSuffix(vertex.Error, context.Canceled.Error()):
			f.end(vertex.Digest, "", context.Canceled)
		case vertex.Error != "" && strings.HasPrefix(vertex.Name, "importing cache "): // the build goes on without it
			f.end(vertex.Digest, withoutCache(vertex.Error), nil)
		case vertex.Error != "":
			f.end(vertex.Digest, "", errors.New(plainly(vertex.Error)))
		case vertex.Cached:
			f.end(vertex.Digest, "cached", nil)
		default:
			f.end(vertex.Digest, detail, nil)
		}
	}
}

// withoutCache returns the message for a missing or broken cache.
func withoutCache(reason string) string {
	if strings.HasSuffix(reason, "not found") {
		return "there is none yet"
	}
	return "nothing taken: " + reason
}

// name returns the name of a vertex's step, and its script.
func (f *follower) name(vertex string) (name, script string) {
	if name, script, found := strings.Cut(vertex, scriptMark); found {
		return name, script
	}
	return f.image + ": " + vertex, ""
}

func (f *follower) key(vertex digest.Digest) string { return f.builder + " " + vertex.String() }

func (f *follower) start(vertex *client.Vertex) {
	if step, known := f.steps[vertex.Digest]; known && (step != nil || vertex.Completed != nil) {
		return
	}
	f.steps[vertex.Digest] = nil
	if f.display.claim(f.key(vertex.Digest)) {
		name, script := f.name(vertex.Name)
		step := f.display.Start(name)
		step.Note(script)
		f.steps[vertex.Digest] = step
	}
}

// note shows a vertex's status at its step, or at the solve if it has none.
func (f *follower) note(s *client.VertexStatus) {
	f.running = slices.DeleteFunc(f.running, func(other *client.VertexStatus) bool { return other.Vertex == s.Vertex && other.ID == s.ID })
	if s.Completed == nil {
		f.running = append(f.running, s)
	}
	step := f.stepOf(s)
	step.Note(f.doing(step))
}

// doing returns the last status at a step, with its progress: "pushing layers", "3.10 MB of 9.40 MB" or "".
func (f *follower) doing(step *progress.Step) string {
	for _, s := range slices.Backward(f.running) {
		if f.stepOf(s) != step {
			continue
		}
		text, _, _ := strings.Cut(s.ID, "sha256:") // the name of a transfer is its digest
		if s.Total > 0 {
			text += fmt.Sprintf("%s of %s", human.Bytes(s.Current), human.Bytes(s.Total))
		}
		return text
	}
	return ""
}

// stepOf returns the step at which a status is shown.
func (f *follower) stepOf(s *client.VertexStatus) *progress.Step {
	if own := f.steps[s.Vertex]; own != nil {
		return own
	}
	return f.whole
}

func (f *follower) end(vertex digest.Digest, detail string, err error) {
	if step := f.steps[vertex]; step != nil {
		f.steps[vertex] = nil
		_ = step.End(detail, err)
		f.display.release(f.key(vertex))
	}
}
