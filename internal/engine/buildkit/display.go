package buildkit

import (
	"bufio"
	"context"
	"io"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/util/progress/progressui"
)

// display shows what all builders do in one display of BuildKit's, line by line.
type display struct {
	statuses chan *client.SolveStatus
	done     chan struct{}
	tell     func(line string)
}

func newDisplay(tell func(line string)) (*display, error) {
	d := &display{statuses: make(chan *client.SolveStatus), done: make(chan struct{}), tell: tell}
	if tell == nil {
		d.tell = func(string) {}
	}
	read, write := io.Pipe()
	shown, err := progressui.NewDisplay(write, progressui.PlainMode)
	if err != nil {
		return nil, err
	}
	go func() {
		_, _ = shown.UpdateFrom(context.Background(), d.statuses) // it ends with the channel
		_ = write.Close()
	}()
	go func() {
		defer close(d.done)
		for lines := bufio.NewScanner(read); lines.Scan(); {
			if line := lines.Text(); line != "" {
				d.tell(line)
			}
		}
		_, _ = io.Copy(io.Discard, read) // after a line that is too long
	}()
	return d, nil
}

// follow returns the channel for the statuses of one solve, which closes it, and a function that waits for that. Only
// what takes time is shown: the steps of definitions, pushes and caches. Finished layers are not told one by one.
func (d *display) follow(shown func(*client.Vertex) bool) (statuses chan *client.SolveStatus, wait func()) {
	statuses = make(chan *client.SolveStatus)
	done := make(chan struct{})
	go func() {
		defer close(done)
		hidden := map[string]bool{}
		for status := range statuses {
			d.statuses <- visible(status, hidden, shown)
		}
	}()
	return statuses, func() { <-done }
}

// visible returns what is to be shown of a status. hidden has the digests of vertices that are not.
func visible(status *client.SolveStatus, hidden map[string]bool, shown func(*client.Vertex) bool) *client.SolveStatus {
	kept := &client.SolveStatus{}
	for _, vertex := range status.Vertexes {
		if shown(vertex) {
			kept.Vertexes = append(kept.Vertexes, vertex)
		} else {
			hidden[vertex.Digest.String()] = true
		}
	}
	for _, s := range status.Statuses {
		if !hidden[s.Vertex.String()] {
			kept.Statuses = append(kept.Statuses, s)
		}
	}
	for _, line := range status.Logs {
		if !hidden[line.Vertex.String()] {
			kept.Logs = append(kept.Logs, line)
		}
	}
	kept.Warnings = status.Warnings
	return kept
}

// close ends the display when all solves have ended.
func (d *display) close() {
	close(d.statuses)
	<-d.done
}
