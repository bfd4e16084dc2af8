package openwhisk

import (
	"os"
	"sync"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/stream"
)

// collected carries a stream into the result, as OpenWhisk's invoker wants it: an answer of one piece.
type collected struct {
	mu   sync.Mutex
	into stream.Collection
	stop func() // ends the run, whose stream is too long
}

func (c *collected) head(status int, header map[string][]string) {
	head, err := stream.ReadHead(appendHead(nil, status, header))
	if err != nil {
		os.Stderr.WriteString(err.Error() + "\n") // the defaults hold
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.into.Begin(head)
}

func (c *collected) event(b []byte) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.into.Add(b, false) {
		go c.stop() // it locks the stream, as the writer does
		return false
	}
	return true
}

// finish returns the result with the stream in it.
func (c *collected) finish(result []byte) []byte {
	c.mu.Lock()
	defer c.mu.Unlock()
	answer, note := c.into.Append(nil, result)
	if note != "" {
		os.Stderr.WriteString(note + "\n")
	}
	return answer
}
