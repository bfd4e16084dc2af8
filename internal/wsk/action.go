// Package wsk selects an image for an OpenWhisk action: it writes the command lines of wsk that do it, the body of the
// REST call behind them, or makes that call and runs the action once.
//
//	action := wsk.Action{Name: name, Image: "docker.io/you/hello:content-0123456789ab"}
//	fmt.Print(action.Commands())
//	version, err := client.Put(ctx, action)
//
// Requests are those of OpenWhisk's own client (openwhisk-client-go, whisk/action.go and whisk/client.go).
package wsk

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Action is an action of OpenWhisk. Zero values are not sent: OpenWhisk keeps those of an existing action.
type Action struct {
	Name        Name
	Image       string // REPOSITORY:TAG; OpenWhisk drops a digest
	Code        *Code  // nil where the image brings its action
	Main        string // the function to call, for code that has several
	Parameters  []KeyValue
	Annotations []KeyValue
	Memory      int // MB
	Timeout     int // milliseconds
}

// KeyValue is a parameter or an annotation.
type KeyValue struct {
	Key   string          `json:"key"`
	Value json.RawMessage `json:"value"`
	Init  bool            `json:"init,omitempty"` // of a parameter: it goes into the environment, when the action starts

	Encryption string `json:"encryption,omitempty"` // of a parameter that OpenWhisk answers: the value is not in the clear
}

// KeyValues returns the members of a JSON object by name. A member that stands twice is an error.
func KeyValues(object json.RawMessage) ([]KeyValue, error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(object, &members); err != nil || members == nil {
		return nil, errors.New("expected a JSON object")
	}
	var all []KeyValue
	for _, key := range slices.Sorted(maps.Keys(members)) {
		all = append(all, KeyValue{Key: key, Value: members[key]})
	}
	return all, checkTwice(object)
}

// checkTwice returns an error if a member stands twice in a JSON object.
func checkTwice(object json.RawMessage) error {
	decoder := json.NewDecoder(bytes.NewReader(object))
	_, _ = decoder.Token() // the brace
	seen := map[json.Token]bool{}
	for decoder.More() {
		key, err := decoder.Token()
		var value json.RawMessage
		if err != nil || decoder.Decode(&value) != nil {
			return err
		}
		if seen[key] {
			return fmt.Errorf("%v is given twice", key)
		}
		seen[key] = true
	}
	return nil
}

// Environment returns a variable NAME=VALUE as the parameter that OpenWhisk puts into the environment.
func Environment(variable string) (KeyValue, error) {
	name, value, ok := strings.Cut(variable, "=")
	if !ok || name == "" {
		return KeyValue{}, fmt.Errorf("%q: want NAME=VALUE", variable)
	}
	text, err := json.Marshal(value)
	return KeyValue{Key: name, Value: text, Init: true}, err
}

// text returns the value as wsk takes it on its command line: JSON, or text that is none. wsk puts text between quotes as it
// is (openwhisk-cli, commands/util.go), so one that JSON would escape has to be JSON already.
func (kv KeyValue) text() string {
	var text string
	if json.Unmarshal(kv.Value, &text) == nil && !json.Valid([]byte(text)) && json.Valid([]byte(`"`+text+`"`)) && !strings.Contains(text, `\`) {
		return text
	}
	return string(kv.Value)
}

// Commands returns the lines of wsk that create and update the action, for a POSIX shell. An init parameter is an
// error: wsk has no flag for it.
func (a Action) Commands() (string, error) {
	words := []string{a.Name.String()}
	if a.Code != nil {
		words = append(words, a.Code.Path)
	}
	words = append(words, "--docker", a.Image)
	if a.Main != "" {
		words = append(words, "--main", a.Main)
	}
	if a.Memory != 0 {
		words = append(words, "--memory", strconv.Itoa(a.Memory))
	}
	if a.Timeout != 0 {
		words = append(words, "--timeout", strconv.Itoa(a.Timeout))
	}
	for _, parameter := range a.Parameters {
		if parameter.Init {
			return "", fmt.Errorf("wsk has no flag for the variable %s of the environment", parameter.Key)
		}
		words = append(words, "--param", parameter.Key, parameter.text())
	}
	for _, annotation := range a.Annotations {
		words = append(words, "--annotation", annotation.Key, annotation.text())
	}
	line := quote(words) + "\n"
	return "wsk action create " + line + "wsk action update " + line, nil
}

// Body returns the body of the request that creates or updates the action: JSON, and a line end.
func (a Action) Body() ([]byte, error) {
	type exec struct {
		Kind  string `json:"kind"`
		Code  string `json:"code,omitempty"`
		Image string `json:"image"`
		Main  string `json:"main,omitempty"`
	}
	type limits struct {
		Timeout int `json:"timeout,omitempty"`
		Memory  int `json:"memory,omitempty"`
	}
	body := struct {
		Namespace   string     `json:"namespace"`
		Name        string     `json:"name"`
		Exec        exec       `json:"exec"`
		Annotations []KeyValue `json:"annotations,omitempty"`
		Parameters  []KeyValue `json:"parameters,omitempty"`
		Limits      *limits    `json:"limits,omitempty"`
	}{
		Namespace: a.Name.Namespace, Name: a.Name.entity(), Annotations: a.Annotations, Parameters: a.Parameters,
		Exec: exec{Kind: "blackbox", Image: a.Image, Main: a.Main},
	}
	if a.Code != nil {
		body.Exec.Code = a.Code.text
	}
	if a.Memory != 0 || a.Timeout != 0 {
		body.Limits = &limits{a.Timeout, a.Memory}
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(body)
	return text.Bytes(), err
}
