package wsk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"time"
)

// Activation is one run of an action.
type Activation struct {
	ID       string `json:"activationId"`
	Duration int64  `json:"duration"` // milliseconds
	Response struct {
		Status  string          `json:"status"` // "success", or the kind of failure
		Success bool            `json:"success"`
		Result  json.RawMessage `json:"result"`
	} `json:"response"`
	Logs []string `json:"logs"` // TIME STREAM: LINE
}

const (
	// longest is the longest wait for an activation whose result does not come with the answer.
	longest = 15 * time.Minute
	// collected is the longest wait for a log after the result.
	collected = 20 * time.Second
	// slowest is the longest pause between two looks.
	slowest = 4 * time.Second
)

// ErrNoLogs is the error of [Client.Logs] when the platform has not collected the log yet.
var ErrNoLogs = errors.New("the log is not there yet")

// Invoke runs the action once with a JSON object and waits for the result, also where that takes longer than OpenWhisk
// keeps a request open (a minute). An activation that failed is no error.
func (c *Client) Invoke(ctx context.Context, name Name, value json.RawMessage) (Activation, error) {
	doing := "invoke " + name.String()
	answer, err := c.call(ctx, doing, http.MethodPost, name.path()+"?blocking=true&result=false", value)
	if err != nil {
		return Activation{}, err
	}
	var activation Activation
	if json.Unmarshal(answer.body, &activation) != nil || activation.ID == "" {
		return Activation{}, c.refused(doing, answer)
	}
	if answer.status != http.StatusAccepted {
		return activation, nil
	}
	err = c.await(ctx, doing, longest, "_/activations/"+url.PathEscape(activation.ID), &activation)
	if errors.Is(err, errNotThere) {
		err = fmt.Errorf("%s: activation %s has not ended after %s: look for it later with: wsk activation get %s", doing, activation.ID, longest, activation.ID)
	}
	return activation, err
}

// Logs returns the lines that an activation logged, which platforms collect after the result, or [ErrNoLogs].
func (c *Client) Logs(ctx context.Context, id string) ([]string, error) {
	var log struct {
		Logs []string `json:"logs"`
	}
	err := c.await(ctx, "get the log of activation "+id, collected, "_/activations/"+url.PathEscape(id)+"/logs", &log)
	if errors.Is(err, errNotThere) {
		err = ErrNoLogs
	}
	lines := make([]string, len(log.Logs))
	for i, line := range log.Logs {
		lines[i] = stamp.ReplaceAllString(line, "")
	}
	return lines, err
}

// stamp is the platform's prefix of a log line: the time, and mostly the stream.
var stamp = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z +((stdout|stderr): )?`)

// errNotThere is the error of await for a record that does not come.
var errNotThere = errors.New("not there")

// await asks for a record until it is there. OpenWhisk writes records after it has answered; until then they are 404.
func (c *Client) await(ctx context.Context, doing string, limit time.Duration, path string, record any) error {
	ctx, cancel := context.WithTimeoutCause(ctx, limit, errNotThere)
	defer cancel()
	for pause := c.wait; ; pause = min(2*pause, slowest) {
		answer, err := c.call(ctx, doing, http.MethodGet, path, nil)
		switch {
		case context.Cause(ctx) != nil:
			return context.Cause(ctx)
		case err != nil:
			return err
		case answer.status == http.StatusOK && json.Unmarshal(answer.body, record) == nil:
			return nil
		case answer.status != http.StatusNotFound:
			return c.refused(doing, answer)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(pause):
		}
	}
}
