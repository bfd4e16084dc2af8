//go:build linux

package engine

import (
	"bytes"
	"context"
	"strings"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"
)

// log returns the end of the container's log on one line, for an error.
func (c *Container) log(ctx context.Context) string {
	stream, err := c.engine.client.ContainerLogs(ctx, c.id, client.ContainerLogsOptions{ShowStdout: true, ShowStderr: true, Tail: "8"})
	if err != nil {
		return err.Error()
	}
	defer stream.Close()
	var text bytes.Buffer
	_, _ = stdcopy.StdCopy(&text, &text, stream) // as far as it can be read
	return strings.Join(strings.Fields(text.String()), " ")
}
