package openwhisk

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// An argument is no text for logs: what cannot be decoded is told by its place and its type.
func TestArgumentStaysOutOfErrors(t *testing.T) {
	type event struct {
		Count  int
		Nested struct{ When time.Time }
		Token  int `json:",string"`
		Ports  map[int]string
		Small  int8
		Text   fmt.Stringer
	}
	for argument, want := range map[string]string{
		`{"Count":"4111SECRET"}`:           "its member Count is of JSON type string and has to be decoded into Go type int",
		`{"Count":4111.5}`:                 "its member Count is of JSON type number and has to be decoded into Go type int",
		`{"Small":41115}`:                  "its member Small is of JSON type number and has to be decoded into Go type int8",
		`[41115]`:                          "it is of JSON type array and has to be decoded into Go type openwhisk.event",
		`{"Nested":{"When":"4111SECRET"}}`: "it cannot be decoded into Go type openwhisk.event",
		`{"Token":"4111SECRET"}`:           "its member Token is of JSON type number and has to be decoded into Go type int",
		`{"Ports":{"4111SECRET":"x"}}`:     "of JSON type number and has to be decoded into Go type int",
		`{"Text":"4111SECRET"}`:            "of JSON type string and has to be decoded into Go type fmt.Stringer",
		`{"Nested":{"When":"2026-11-28T00:00:00Z"},"Count":4}`: "",
	} {
		var in event
		err := decode([]byte(argument), &in)
		if want == "" && err == nil {
			continue
		}
		if err == nil || !strings.Contains(err.Error(), "the argument does not fit: ") || !strings.HasSuffix(err.Error(), want) || strings.Contains(err.Error(), "4111") {
			t.Errorf("%s: %v", argument, err)
		}
	}
}
