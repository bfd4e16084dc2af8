package rules

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

func TestRule24_TheDeadlineIsAStringOrANumber(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, _ string, chosen setting) {
		p := start(t, chosen).ready(obey())
		for _, deadline := range []string{`"4102444800000"`, `4102444800000`, `0`, `"0"`, `""`, `null`, `"tomorrow"`, `1e300`, `-1`, `{}`, `99999999999999999999`} {
			if got := p.Post("/run", `{"deadline":`+deadline+`,"value":{"deadline":1}}`); got.Status != 200 {
				t.Errorf("%s: %s", deadline, got)
			}
		}
	})
}

func TestRule27_WhatCountsAsAValue(t *testing.T) {
	t.Parallel()
	requests := map[string]struct{ body, value string }{
		"an object":            {`{"value":{"a":1}}`, `{"a":1}`},
		"an array":             {`{"value":[1,{"a":2}]}`, `[1,{"a":2}]`},
		"an empty array":       {`{"value":[]}`, `[]`},
		"none":                 {`{}`, `{}`},
		"none, with neighbors": {`{"activation_id":"a","deadline":"1"}`, `{}`},
		"null":                 {`{"value":null,"activation_id":"a"}`, `{}`},
		"an empty body":        {``, `{}`},
		"a blank body":         {" \r\n", `{}`},
		"last":                 {`{"activation_id":"a","value":{"b":2}}`, `{"b":2}`},
		"within strings":       {`{"x":"\"value\":{}","value":{"c":3}}`, `{"c":3}`},
		"of a neighbor":        {`{"x":{"value":{"no":1}},"value":{"d":4}}`, `{"d":4}`},
		"an escaped name":      {`{"v\u0061lue":{"e":5}}`, `{"e":5}`},
		"on several lines":     {"{\r\n\t\"value\":\n{\n\"f\"\r\n:\n6\n}\n}\n", `{"f":6}`},
		"a string":             {`{"value":"text"}`, ""},
		"an empty string":      {`{"value":""}`, ""},
		"a number":             {`{"value":12}`, ""},
		"true":                 {`{"value":true}`, ""},
		"false":                {`{"value":false}`, ""},
	}
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		p := start(t, chosen).ready(obey())
		runs := 0
		for name, request := range requests {
			got := p.Post("/run", request.body)
			if request.value == "" {
				if got != testkit.Failed(404, noArgument) {
					t.Errorf("%s: got %s", name, got)
				}
				continue
			}
			if got.Status != 200 {
				t.Fatalf("%s: got %s", name, got)
			}
			if runs++; protocol == "v0" {
				runs = 1 // of each process
			}
			var result struct {
				Value any
				Run   int
			}
			var want any
			if err := json.Unmarshal([]byte(got.Body), &result); err != nil {
				t.Fatal(err)
			}
			json.Unmarshal([]byte(request.value), &want)
			if a, b := marshaled(result.Value), marshaled(want); a != b || result.Run != runs {
				t.Errorf("%s: the action got %s in its run %d, want %s in run %d", name, a, result.Run, b, runs)
			}
		}
	})
}

func marshaled(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func TestRule27_ValuesTravelByteForByte(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, _ string, chosen setting) {
		p := start(t, chosen).ready(obey())
		for _, value := range []string{
			`{"winter":"❄ ☃ ❄"}`, `{"a":1.0,"a":2,"b":1e400,"c":-0,"d":12345678901234567890123}`, `{"\u2744":"\ud800","\u0000":"\/"}`,
			`{ "blanks"  :	[ 1 ,2 ] }`, `[[[[[[]]]]]]`, `["` + strings.Repeat("x", 70000) + `"]`, `{"\"}":"]"}`,
			`{"\u0041":"\/\u2744\ud800 ❄"}`, "{\"a\" :\t[ ]}", "{\r\n  \"a\": \"\\n\",\n\n\"b\":\r[]}",
		} {
			line := strings.NewReplacer("\n", " ", "\r", " ").Replace(value)
			if got := p.Run(value); got.Status != 200 || !strings.HasPrefix(got.Body, `{"value":`+line+`,`) {
				t.Errorf("got %s, want %.100s", got, line)
			}
		}
	})
}

func TestRule28_WhatIsAResult(t *testing.T) {
	t.Parallel()
	results := []struct {
		line string
		good bool
	}{
		{`{}`, true}, {`[]`, true}, {` {"a":1} `, true}, {"\t[1]", true}, {"{}\r", true}, {`{"a":"` + "❄" + `"}`, true},
		{`null`, false}, {`"text"`, false}, {`12`, false}, {`true`, false}, {``, false}, {` `, false}, {`hello`, false}, {`{"a":`, false},
		{`{}{}`, false}, {`[] []`, false}, {`{"a":1,}`, false}, {`{'a':1}`, false}, {`[NaN]`, false}, {"\ufeff{}", false}, {`{"a":"` + "\x01" + `"}`, false},
		{`{a:1}`, false}, {`[1,2`, false}, {`}`, false}, {`{"a":01}`, false}, {`[1,]`, false}, {`[1`, false}, {`'a'`, false},
	}
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		p := start(t, chosen).ready(obey())
		for n, result := range results {
			got := p.do(step{"result", result.line + "\n"})
			want := testkit.Failed(502, noResult)
			if result.good {
				want = testkit.OK(strings.Trim(result.line, " \t\r"))
				got.Body = strings.Trim(got.Body, " \t\r")
			}
			if got != want {
				t.Errorf("%q: got %s, want %s", result.line, got, want)
			}
			stdout, stderr := p.Ended(2*n + 1)
			if !result.good && protocol != "actionloop" {
				contains(t, stdout[2*n]+stderr[2*n], strings.TrimSpace(result.line))
			}
			if got := p.Run(`{}`); got.Status != 200 {
				t.Errorf("the run after %q: %s", result.line, got)
			}
			p.Ended(2*n + 2)
		}
	})
}

func TestRule29_V0(t *testing.T) {
	t.Parallel()
	for _, run := range []struct {
		name  string
		steps []step
		want  answer
	}{
		{"exit status", []step{{"result", "{}\n"}, {"exit", "3"}}, testkit.OK("{}")},
		{"killed after its result", []step{{"result", "{}\n"}, {"kill", "9"}}, testkit.OK("{}")},
		{"the last line", []step{{"stdout", "one\n{\"no\":1}\n"}, {"result", "{\"yes\":1}\n"}}, testkit.OK(`{"yes":1}`)},
		{"no line end", []step{{"result", "log\n{\"yes\":1}"}}, testkit.OK(`{"yes":1}`)},
		{"CR LF", []step{{"result", "log\r\n{\"yes\":1}\r\n"}}, testkit.OK(`{"yes":1}`)},
		{"an empty last line", []step{{"result", "{\"yes\":1}\n\n"}}, testkit.Failed(502, noResult)},
		{"nothing", []step{{"silent"}}, testkit.Failed(502, noResult)},
		{"in pieces", []step{{"result", "{\"ye"}, {"sleep", "20ms"}, {"result", "s\":1"}, {"sleep", "20ms"}, {"result", "}"}}, testkit.OK(`{"yes":1}`)},
		{"a long log before", []step{{"flood", "stdout", "1000000"}, {"result", "{}\n"}}, testkit.OK(`{}`)},
		{"stdout closed early", []step{{"result", "{}\n"}, {"close", "stdout"}, {"sleep", "20ms"}}, testkit.OK(`{}`)},
		{"stdin closed", []step{{"close", "stdin"}, {"result", "{}\n"}}, testkit.OK(`{}`)},
		{"a child that keeps the pipes", []step{{"spawn", `[["sleep","1h"]]`}, {"result", "{}\n"}}, testkit.OK(`{}`)},
		{"a child that floods the log", []step{{"spawn", `[["flood","stderr","100000000000"]]`}, {"result", "{}\n"}}, testkit.OK(`{}`)},
	} {
		t.Run(run.name, func(t *testing.T) {
			t.Parallel()
			p := start(t, testkit.Env("OW_PROTOCOL=v0")).ready(obey())
			if got := p.do(run.steps...); got != run.want {
				t.Errorf("got %s, want %s", got, run.want)
			}
			p.Ended(1)
		})
	}
}

func TestRule29_V0ReadsOrNot(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Env("OW_PROTOCOL=v0")).ready("#!/bin/sh\necho '{\"read\":\"nothing\"}'\n")
	for _, size := range []int{10, 1000, 100_000, 1_000_000} { // more than a pipe holds, and than an argument may have
		if got, want := p.Run(`{"pad":"`+strings.Repeat("x", size)+`"}`), testkit.OK(`{"read":"nothing"}`); got != want {
			t.Errorf("%d bytes: %s", size, got)
		}
	}
}

func TestRule29_V0GetsTheValueTwice(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Env("OW_PROTOCOL=v0")).ready(obey())
	const most = 131071
	for size, argument := range map[int]string{20: `"argument":true`, 100_000: `"argument":true`, most: `"argument":true`, most + 1: `"pid"`, 1_000_000: `"pid"`} {
		frame := `{"x":""}`
		got := p.Run(`{"x":"` + strings.Repeat("x", size-len(frame)) + `"}`)
		if got.Status != 200 || !strings.Contains(got.Body, argument) {
			t.Errorf("%d bytes: %d …%s", size, got.Status, got.Body[max(0, len(got.Body)-200):])
		}
		if size > most && strings.Contains(got.Body, `"argument"`) {
			t.Errorf("%d bytes are an argument", size)
		}
	}
}

func TestRule31_LargeValuesAndResults(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, _ string, chosen setting) {
		p := start(t, chosen).ready(obey())
		for _, size := range []int{64 << 10, 1 << 20, 10 << 20} {
			value := `{"in":"` + strings.Repeat("é", size/2) + `"}`
			if got := p.Run(value); got.Status != 200 || !strings.HasPrefix(got.Body, `{"value":`+value+`,`) {
				t.Errorf("in and out %d: %d, %d bytes", size, got.Status, len(got.Body))
			}
			if got := p.do(step{"large", strconv.Itoa(size)}); got.Status != 200 || len(got.Body) < size || !json.Valid([]byte(got.Body)) {
				t.Errorf("out %d: %d, %d bytes", size, got.Status, len(got.Body))
			}
		}
		if got := p.Run(`{}`); len(got.Body) > 1000 {
			t.Errorf("a small run after: %s", got)
		}
	})
}
