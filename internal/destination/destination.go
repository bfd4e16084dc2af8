// Package destination reads descriptions of the places that images and caches go to, such as
//
//	type=registry,ref=registry.example.org/actions/{name}
package destination

import (
	"encoding/csv"
	"errors"
	"fmt"
	"strings"
)

// Parse reads fields KEY=VALUE with commas between them. A field with a comma is in double quotes, as in CSV. Every key
// is given once, and has a value. If the text is only a value, the error suggests to write the example, such as
// "type=oci,dest=", before it.
func Parse(text, example string) (map[string]string, error) {
	fields, err := csv.NewReader(strings.NewReader(text)).Read()
	if err != nil {
		return nil, errors.New("expected KEY=VALUE fields with commas between; a field with a comma is put in double quotes")
	}
	values := map[string]string{}
	for _, field := range fields {
		key, value, found := strings.Cut(field, "=")
		if !found {
			return nil, fmt.Errorf("%q is not KEY=VALUE; write for example %s%s", field, example, field)
		}
		if _, twice := values[key]; twice {
			return nil, fmt.Errorf("%s is given twice", key)
		}
		if value == "" {
			return nil, fmt.Errorf("%s is empty", key)
		}
		values[key] = value
	}
	return values, nil
}

// Placeholder is replaced by the name of an image.
const Placeholder = "{name}"

// Fill returns a place with a name in place of {name}.
func Fill(place, name string) string { return strings.ReplaceAll(place, Placeholder, name) }

// Apart reports whether this many images get different places.
func Apart(place string, images int) bool { return images < 2 || strings.Contains(place, Placeholder) }
