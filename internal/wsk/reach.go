package wsk

import (
	"context"
	"net/http"
)

// Reach returns why the API cannot be used with this key, or nil.
func (c *Client) Reach(ctx context.Context) error {
	const doing = "list actions"
	answer, err := c.call(ctx, doing, http.MethodGet, "_/actions?limit=1", nil)
	if err == nil && answer.status != http.StatusOK {
		err = c.refused(doing, answer)
	}
	return err
}
