package container

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"
)

// Sentinel ends an activation's log, on both streams. It is for the platform.
const Sentinel = "XXX_THE_END_OF_A_WHISK_ACTIVATION_XXX"

// Logs copies the container's output, without sentinels, until it ends.
func (c *Container) Logs(ctx context.Context, out io.Writer) error {
	return c.logs(ctx, out, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Follow: true})
}

func (c *Container) logs(ctx context.Context, out io.Writer, options client.ContainerLogsOptions) error {
	stream, err := c.engine.client.ContainerLogs(ctx, c.id, options)
	if err != nil {
		return fmt.Errorf("read the log: %w", err)
	}
	defer stream.Close()
	stdout, stderr := NewFilter(out), NewFilter(out)
	_, err = stdcopy.StdCopy(stdout, stderr, stream)
	stdout.End()
	stderr.End()
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("read the log: %w", err)
	}
	return nil
}

// lastLines returns the end of the log on one line, for an error.
func (c *Container) lastLines(ctx context.Context) string {
	var text bytes.Buffer
	_ = c.logs(ctx, &text, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Tail: "5"}) // there may be none
	if words := strings.Fields(text.String()); len(words) > 0 {
		return strings.Join(words, " ")
	}
	return "its log is empty"
}

// Filter hands whole lines on, without sentinels.
type Filter struct {
	out  io.Writer
	line []byte // the part of a line that has come
}

// NewFilter returns a filter that writes to out.
func NewFilter(out io.Writer) *Filter { return &Filter{out: out} }

func (f *Filter) Write(p []byte) (int, error) {
	for rest := p; len(rest) > 0; {
		line, after, ended := bytes.Cut(rest, []byte("\n"))
		f.line = append(f.line, line...)
		if !ended {
			break
		}
		if err := f.flush(); err != nil {
			return 0, err
		}
		rest = after
	}
	return len(p), nil
}

func (f *Filter) flush() error {
	line := f.line
	f.line = f.line[:0]
	if string(line) == Sentinel {
		return nil
	}
	_, err := f.out.Write(append(line, '\n'))
	return err
}

// End writes a last line that has no end.
func (f *Filter) End() {
	if len(f.line) > 0 {
		_ = f.flush() // who reads it is gone
	}
}
