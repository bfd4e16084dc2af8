package invoke

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// Read returns the code in a file, and calls the action as the file.
func (c *Client) Read(file string) ([]byte, error) {
	code, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, human.Reason(err))
	}
	if len(code) == 0 {
		return nil, fmt.Errorf("read %s: the file is empty, and code is wanted", file)
	}
	base := filepath.Base(file)
	c.Name = strings.TrimSuffix(base, filepath.Ext(base))
	return code, nil
}

// Start inits with code, and returns an error for every answer that the platform takes for a failure.
func (c Client) Start(ctx context.Context, code []byte) error {
	answer, err := c.Init(ctx, code)
	if err != nil || answer.OK() {
		return err
	}
	return fmt.Errorf("init answered %d: %s", answer.Status, Message(answer.Body))
}
