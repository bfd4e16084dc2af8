package wsk

import (
	"encoding/json"
	"testing"
)

func TestSameJSON(t *testing.T) {
	tests := []struct {
		a, b string
		same bool
	}{
		{`{"b":1,"a":[1, 2]}`, `{"a":[1,2],"b":1}`, true},
		{`{"x":{"b":1,"a":2}}`, `{"x":{"a":2,"b":1}}`, true},
		{`[1,2]`, `[2,1]`, false},
		{`1`, `1.0`, true},
		{`1`, `10e-1`, true},
		{`100`, `1E+2`, true},
		{`0`, `-0.00`, true},
		{`-1`, `1`, false},
		{`1`, `"1"`, false},
		{`0.1`, `0.10000000000000000001`, false},
		{`9007199254740993`, `9007199254740992`, false},
		{`1e99999999999999999999`, `1e99999999999999999999`, true},
		{`1e99999999999999999999`, `1e99999999999999999998`, false},
		{`1e999999999`, `10e999999998`, true},
		{`"a\u00e9\/"`, `"aé/"`, true},
		{`{"a":1,"a":2}`, `{"a":2}`, true},
		{`null`, `null`, true},
		{`null`, `false`, false},
		{`{"a":null}`, `{}`, false},
		{`[]`, `{}`, false},
	}
	for _, test := range tests {
		if got := sameJSON(json.RawMessage(test.a), json.RawMessage(test.b)); got != test.same {
			t.Errorf("%s and %s: %t", test.a, test.b, got)
		}
	}
}
