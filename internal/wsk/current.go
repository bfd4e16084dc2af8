package wsk

import (
	"bytes"
	"context"
	"encoding/json"
	"net/http"
	"slices"
)

// current is what OpenWhisk answers of an action that it has.
type current struct {
	Version string `json:"version"`
	Exec    struct {
		Kind  string `json:"kind"`
		Code  string `json:"code"`
		Image string `json:"image"`
		Main  string `json:"main"`
	} `json:"exec"`
	Annotations []KeyValue `json:"annotations"`
	Parameters  []KeyValue `json:"parameters"`
	Limits      struct {
		Timeout int `json:"timeout"`
		Memory  int `json:"memory"`
	} `json:"limits"`
}

// Current returns the version of the action when OpenWhisk has it as it should be, and "" when it has none or another: an
// update that changes nothing would end the containers that wait for the next run.
func (c *Client) Current(ctx context.Context, action Action) (version string, err error) {
	doing := "get " + action.Name.String()
	answer, err := c.call(ctx, doing, http.MethodGet, action.Name.path()+"?code=true", nil)
	if err != nil {
		return "", err
	}
	var there current
	switch {
	case answer.status == http.StatusNotFound:
		return "", nil
	case answer.status != http.StatusOK || json.Unmarshal(answer.body, &there) != nil:
		return "", c.refused(doing, answer)
	case !there.is(action):
		return "", nil
	}
	return there.Version, nil
}

// is reports whether an update with the action would change nothing. What the action does not say stays as it is.
func (c current) is(action Action) bool {
	code := ""
	if action.Code != nil {
		code = action.Code.text
	}
	same := c.Exec.Kind == "blackbox" && c.Exec.Image == action.Image && c.Exec.Code == code && c.Exec.Main == action.Main
	return same &&
		(action.Memory == 0 || action.Memory == c.Limits.Memory) && (action.Timeout == 0 || action.Timeout == c.Limits.Timeout) &&
		(action.Parameters == nil || sameSet(action.Parameters, c.Parameters)) &&
		(action.Annotations == nil || sameSet(action.Annotations, slices.DeleteFunc(slices.Clone(c.Annotations), added)))
}

// added reports whether OpenWhisk adds an annotation by itself (openwhisk, WhiskAction.scala).
func added(annotation KeyValue) bool {
	return slices.Contains([]string{"exec", "binary", "provide-api-key"}, annotation.Key)
}

func sameSet(a, b []KeyValue) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(one KeyValue) bool {
		return !slices.ContainsFunc(b, func(other KeyValue) bool {
			return one.Key == other.Key && one.Init == other.Init && sameJSON(one.Value, other.Value)
		})
	})
}

// sameJSON compares two values without regard to blanks. Another order of members only costs an update.
func sameJSON(a, b json.RawMessage) bool {
	var x, y bytes.Buffer
	return json.Compact(&x, a) == nil && json.Compact(&y, b) == nil && bytes.Equal(x.Bytes(), y.Bytes())
}

// Update makes the action what it should be: it creates it, updates it, or leaves it alone. It returns the version, and
// whether that is a new one.
func (c *Client) Update(ctx context.Context, action Action) (version string, changed bool, err error) {
	version, err = c.Current(ctx, action)
	if err != nil || version != "" {
		return version, false, err
	}
	if version, err = c.Put(ctx, action); err != nil {
		return "", false, err
	}
	return version, true, nil
}
