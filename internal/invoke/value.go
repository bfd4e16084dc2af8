package invoke

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
)

// Value returns the value of a run: the object or array in document, which may be empty, with parameters NAME=VALUE
// over it, each NAME once. As with wsk, a VALUE that is JSON is that, and any other is text.
func Value(document []byte, parameters []string) (json.RawMessage, error) {
	document = bytes.TrimSpace(document)
	if len(document) == 0 {
		document = []byte("{}")
	}
	if !json.Valid(document) || document[0] != '{' && document[0] != '[' {
		return nil, errors.New("the value of a run is a JSON object or array")
	}
	if len(parameters) == 0 {
		return document, nil
	}
	var object map[string]json.RawMessage
	if json.Unmarshal(document, &object) != nil {
		return nil, errors.New("parameters go into an object, and the JSON is an array")
	}
	given := map[string]bool{}
	for _, parameter := range parameters {
		name, value, ok := strings.Cut(parameter, "=")
		switch {
		case !ok || name == "":
			return nil, fmt.Errorf("parameter %q: want NAME=VALUE", parameter)
		case given[name]:
			return nil, fmt.Errorf("%s is given twice", name)
		}
		given[name] = true
		raw := json.RawMessage(value)
		if !json.Valid(raw) {
			var err error
			if raw, err = json.Marshal(value); err != nil {
				return nil, err
			}
		}
		object[name] = raw
	}
	return json.Marshal(object)
}
