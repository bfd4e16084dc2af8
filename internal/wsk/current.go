package wsk

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
)

// current is an existing action, as OpenWhisk returns it.
type current struct {
	Version string `json:"version"`
	Exec    struct {
		Kind  string          `json:"kind"`
		Code  json.RawMessage `json:"code"` // a string, or an object where OpenWhisk keeps it elsewhere and has lost it
		Image string          `json:"image"`
		Main  string          `json:"main"`
	} `json:"exec"`
	Annotations []KeyValue `json:"annotations"`
	Parameters  []KeyValue `json:"parameters"`
	Limits      struct {
		Timeout int `json:"timeout"`
		Memory  int `json:"memory"`
	} `json:"limits"`
}

// Current returns the version of the action when OpenWhisk has it as it should be, and "" when it has none or another:
// an update that changes nothing would end the containers that wait for the next run.
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
	case !there.stays(action):
		return "", nil
	case action.Parameters == nil || sameSet(action.Parameters, there.Parameters):
		return there.Version, nil
	}
	inherited, err := c.inherited(ctx, action.Name)
	if err != nil || !sameSet(over(inherited, action.Parameters), there.Parameters) {
		return "", err
	}
	return there.Version, nil
}

// inherited returns the parameters of the action's package. OpenWhisk returns them with the action's own, which
// overrule them (WhiskAction.resolveActionAndMergeParameters). A package that may not be read has none.
func (c *Client) inherited(ctx context.Context, name Name) ([]KeyValue, error) {
	if name.Package == "" {
		return nil, nil
	}
	doing := "get the package " + name.Package
	answer, err := c.call(ctx, doing, http.MethodGet, url.PathEscape(name.Namespace)+"/packages/"+url.PathEscape(name.Package), nil)
	if err != nil {
		return nil, err
	}
	var there struct {
		Parameters []KeyValue `json:"parameters"`
	}
	if answer.status != http.StatusOK || json.Unmarshal(answer.body, &there) != nil {
		return nil, nil
	}
	return there.Parameters, nil
}

// stays reports whether an update would change only the action's parameters. Unset fields keep their values, and
// annotations are merged (Actions.scala, updateWhiskAction).
func (c current) stays(action Action) bool {
	return c.Exec.Kind == "blackbox" && c.Exec.Image == action.Image && c.Exec.Main == action.Main && c.sameCode(action.Code) &&
		(action.Memory == 0 || action.Memory == c.Limits.Memory) && (action.Timeout == 0 || action.Timeout == c.Limits.Timeout) &&
		sameSet(over(c.Annotations, settable(action.Annotations)), c.Annotations)
}

// sameCode reports whether two codes are the same. To OpenWhisk, blanks alone are no code.
func (c current) sameCode(code *Code) bool {
	var there, wanted string
	if len(c.Exec.Code) > 0 && json.Unmarshal(c.Exec.Code, &there) != nil {
		return false
	}
	if code != nil && strings.TrimSpace(code.text) != "" {
		wanted = code.text
	}
	return there == wanted
}

// settable returns the annotations but "exec", which OpenWhisk always sets to the kind of the action.
func settable(annotations []KeyValue) []KeyValue {
	var all []KeyValue
	for _, annotation := range annotations {
		if annotation.Key != "exec" {
			all = append(all, annotation)
		}
	}
	return all
}

// over returns the pairs of below and upper. An upper pair replaces one with the same key.
func over(below, upper []KeyValue) []KeyValue {
	keys := map[string]bool{}
	for _, each := range upper {
		keys[each.Key] = true
	}
	all := append([]KeyValue(nil), upper...)
	for _, each := range below {
		if !keys[each.Key] {
			all = append(all, each)
		}
	}
	return all
}

// sameSet compares lists without regard to order. Values that OpenWhisk keeps encrypted are like no others.
func sameSet(a, b []KeyValue) bool {
	there := map[string]KeyValue{}
	for _, each := range b {
		there[each.Key] = each
	}
	if len(a) != len(there) {
		return false
	}
	for _, each := range a {
		other, found := there[each.Key]
		if !found || other.Encryption != each.Encryption || each.Init != other.Init || !sameJSON(each.Value, other.Value) {
			return false
		}
	}
	return true
}

// Update creates the action, updates it, or leaves it alone if nothing would change. It returns the version, and
// whether that is new.
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
