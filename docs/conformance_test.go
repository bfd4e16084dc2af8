package docs_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
)

// The proxy does what the page says of it.
func TestTheProxyConforms(t *testing.T) {
	binary := buildProxy(t)
	for name, test := range map[string]func(t *testing.T, binary string){
		"handshakes are read by the grammar":         handshakes,
		"the handshake may come on descriptor 3":     handshakeOnDescriptor3,
		"bytes pass unchanged":                       bytesPassUnchanged,
		"an absent value is an empty object":         absentValue,
		"a bad result is an error for its run only":  badResults,
		"an unfinished line is no result":            unfinishedLine,
		"surplus lines are dropped":                  surplusLines,
		"overlapping runs get their own results":     overlappingRuns,
		"the sentinel stands alone and last":         sentinelAlone,
		"the action finds directory and environment": whatTheActionFinds,
		"only POST runs":                             onlyPost,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, binary)
		})
	}
}

// greeting is an action that writes a handshake and then answers every value with an empty object.
func greeting(handshake string) string {
	return "#!/bin/bash\nprintf %s '" + handshake + "'\nwhile read -r value; do echo '{}'; done\n"
}

// echoing is an action of version 1 that wraps the bytes it reads, and says how often it has.
const echoing = `#!/bin/bash
echo '{"openwhisk":1}'
while IFS= read -r value; do
  printf '[%s , %s ]\r\n' "$((++runs))" "$value"
done
`

func handshakes(t *testing.T, binary string) {
	require(t, []string{"bash", "-c", "true"})
	for _, c := range []struct {
		name, line string
		refused    string // what the error has to name; "" when the proxy accepts it
	}{
		{"as the page writes it", "{\"openwhisk\":1}\n", ""},
		{"as the seed writes it", "{\"openwhisk\": 1}\n", ""},
		{"blanks, tabs and CR", " {\t\"openwhisk\" : 1 }\r\n", ""},
		{"unknown members", `{"x-a":[{"openwhisk":2}],"openwhisk":1,"upto":2}` + "\n", ""},
		{"4096 bytes", fmt.Sprintf("{\"openwhisk\":1%s}\n", strings.Repeat(" ", 4096-16)), ""},
		{"a later version", "{\"openwhisk\":2}\n", "2"},
		{"version 0 has none", "{\"openwhisk\":0}\n", "0"},
		{"a string", "{\"openwhisk\":\"1\"}\n", " "},
		{"another member", "{\"whisk\":1}\n", " "},
		{"not an object", "[1]\n", " "},
		{"not JSON", "{openwhisk: 1}\n", " "},
		{"a byte order mark", "\ufeff{\"openwhisk\":1}\n", " "},
		{"an empty line before it", "\n{\"openwhisk\":1}\n", " "},
		{"text before it", "starting\n{\"openwhisk\":1}\n", "starting"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := startProxy(t, binary)
			got := s.post(t, "/init", initBody(greeting(c.line), false))
			if c.refused == "" && got != (answer{200, "OK"}) {
				t.Errorf("refused: %s", got)
			}
			if c.refused != "" && (!pattern(`502 {"error":"cannot start action: …"}`).MatchString(got.String()) ||
				!strings.Contains(got.body, c.refused)) {
				t.Errorf("got %s", got)
			}
		})
	}
}

// With OW_RESULT_FD=3 the handshake is the first line there, and stdout is a log.
func handshakeOnDescriptor3(t *testing.T, binary string) {
	s := startProxy(t, binary, "OW_PROTOCOL=v1", "OW_RESULT_FD=3")
	loop := protocols()["ActionLoop"]
	loop.begin = strings.Replace(loop.begin, "${__OW_WAIT_FOR_ACK:+answer '{\"ok\":true}'}", "echo starting; answer '{\"openwhisk\":1}'", 1)
	if got := after("answer '{}'", "/run", `{"value":{}}`)(t, s, loop); got != (answer{200, "{}"}) {
		t.Errorf("got %s", got)
	}
	await(t, "the log", func() bool { return hasLine("starting", &s.stdout) })
}

// The action gets the bytes that the client sent but for line ends, and the client the bytes that the action wrote.
func bytesPassUnchanged(t *testing.T, binary string) {
	require(t, []string{"bash", "-c", "true"})
	s := startProxy(t, binary)
	if got := s.post(t, "/init", initBody(echoing, false)); got.status != 200 {
		t.Fatal(got)
	}
	for i, value := range []string{
		`{}`,
		`[]`,
		`{"b":1.000,"a":123456789012345678901234567890,"c":1E+2}`,
		`{"x":1,"x":2}`,
		`{"\u0041":"\/\u2744\ud800 ❄"}`,
		"{\"a\" :\t[ ]}",
		"{\r\n  \"a\": \"\\n\",\n\n\"b\":\r[]}",
		`[` + strings.Repeat(`"0123456789",`, 100_000) + `0]`,
	} {
		line := strings.NewReplacer("\n", " ", "\r", " ").Replace(value)
		want := fmt.Sprintf("[%d , %s ]", i+1, line)
		if got := s.run(t, value); got != (answer{200, want}) {
			t.Errorf("%.100q: got %s", value, got)
		}
	}
}

// An absent value is an empty object, also in a request without a body.
func absentValue(t *testing.T, binary string) {
	require(t, []string{"bash", "-c", "true"})
	s := startProxy(t, binary)
	if got := s.post(t, "/init", initBody(echoing, false)); got.status != 200 {
		t.Fatal(got)
	}
	for i, body := range []string{`{}`, `{"value":null}`, ``} {
		if got := s.post(t, "/run", body); got != (answer{200, fmt.Sprintf("[%d , {} ]", i+1)}) {
			t.Errorf("%q: got %s", body, got)
		}
	}
}

// What is no object or array is an error for its own run only.
func badResults(t *testing.T, binary string) {
	require(t, []string{"bash", "-c", "true"})
	s := startProxy(t, binary)
	code := "#!/bin/bash\necho '{\"openwhisk\":1}'\nwhile IFS= read -r value; do value=${value#'{\"'}; echo \"${value%'\":0}'}\"; done\n"
	if got := s.post(t, "/init", initBody(code, false)); got.status != 200 {
		t.Fatal(got)
	}
	for _, line := range []string{"null", "true", "1", "", "hello", "[] []", "[1,]", "[NaN]", "[1", "\ufeff[]", "'a'"} {
		got := s.run(t, `{"`+line+`":0}`)
		checkError(t, got, "502 `The action did not return a dictionary or array.`")
		if got := s.run(t, `{"[2]":0}`); got != (answer{200, "[2]"}) {
			t.Errorf("after %q: got %s", line, got)
		}
	}
	await(t, "a bad line in the log", func() bool {
		return hasLine("hello", &s.stdout, &s.stderr) || strings.Contains(s.stderr.String(), "hello")
	})
}

func unfinishedLine(t *testing.T, binary string) {
	s := startProxy(t, binary, protocols()["v1"].env)
	got := after(`printf '{"half":'; exit 0`, "/run", `{"value":{}}`)(t, s, protocols()["v1"])
	checkError(t, got, "502 `the action exited: …`")
}

func surplusLines(t *testing.T, binary string) {
	s := startProxy(t, binary, protocols()["v1"].env)
	body := `n=$((n+1)); printf '{"run":%s}\n{"surplus":%s}\n{"surplus":%s}\n' $n $n $n`
	after(body, "/run", `{"value":{}}`)(t, s, protocols()["v1"])
	for n := 2; n < 20; n++ {
		if got := s.run(t, "{}"); got != (answer{200, fmt.Sprintf(`{"run":%d}`, n)}) {
			t.Fatalf("run %d got %s", n, got)
		}
	}
}

func overlappingRuns(t *testing.T, binary string) {
	require(t, []string{"bash", "-c", "true"})
	s := startProxy(t, binary)
	code := strings.Replace(echoing, `"$((++runs))"`, "0", 1)
	if got := s.post(t, "/init", initBody(code, false)); got.status != 200 {
		t.Fatal(got)
	}
	var clients sync.WaitGroup
	for client := range 20 {
		clients.Go(func() {
			for n := range 20 {
				value := fmt.Sprintf(`{"client":%d,"n":%d}`, client, n)
				if got, err := s.try("POST", "/run", `{"value":`+value+`}`); err != nil || got != (answer{200, "[0 , " + value + " ]"}) {
					t.Errorf("%s got %s (%v)", value, got, err)
				}
			}
		})
	}
	clients.Wait()
}

// The sentinel stands alone on its line, after the log of its run, also after a line without an end.
func sentinelAlone(t *testing.T, binary string) {
	s := startProxy(t, binary, protocols()["ActionLoop"].env)
	after(`printf out; printf err >&2; answer '{}'`, "/run", `{"value":{}}`)(t, s, protocols()["ActionLoop"])
	await(t, "the sentinels", func() bool { return s.sentinels() == 1 })
	if got := s.stdout.String(); !strings.HasSuffix(got, "out\n"+sentinel+"\n") {
		t.Errorf("stdout: %q", got)
	}
	if got := s.stderr.String(); !strings.HasSuffix(got, "err\n"+sentinel+"\n") {
		t.Errorf("stderr: %q", got)
	}
}

// What the action finds: its directory, its descriptors, no arguments, and the environment in its order.
func whatTheActionFinds(t *testing.T, binary string) {
	s := startProxy(t, binary, "OW_PROTOCOL=v1", "__OW_API_HOST=https://example.org", "FROM_IMAGE=image", "OVER=image")
	code := protocols()["v1"].action(`for fd in 0 1 2 3 4 5 6 7 8 9; do [ -e /proc/$$/fd/$fd ] && fds="$fds $fd"; done
		answer "[\"$#\",\"$PWD\",\"$fds\",\"$__OW_API_HOST\",\"$FROM_IMAGE\",` +
		`\"$OVER\",\"$OBJECT\",\"${EMPTY-unset}\",\"${__OW_PROXY_VERSION:+version}\"]"`)
	body := strings.Replace(initBody(code, false), `"env":null`, `"env":{"OVER":"a=b","OBJECT":[1, 2],"EMPTY":""}`, 1)
	if got := s.post(t, "/init", body); got.status != 200 {
		t.Fatal(got)
	}
	fields := strings.Split(strings.Trim(s.run(t, "{}").body, `[]"`), `","`)
	want := []string{"0", s.cmd.Dir, " 0 1 2", "https://example.org", "image", "a=b", "[1,2]", "", "version"}
	for i := range want {
		if i >= len(fields) || fields[i] != want[i] {
			t.Errorf("field %d of %q, want %q", i, fields, want[i])
		}
	}
}

func onlyPost(t *testing.T, binary string) {
	s := startProxy(t, binary, "OW_PROTOCOL=v1")
	after("echo ran >&2; answer '{}'", "/run", `{"value":{}}`)(t, s, protocols()["v1"])
	for _, method := range []string{"GET", "HEAD", "PUT", "DELETE"} {
		if got := s.request(t, method, "/run", `{"value":{}}`); got.status != 405 {
			t.Errorf("%s got %s", method, got)
		}
	}
	await(t, "the first run's log", func() bool { return s.sentinels() == 1 })
	if runs := strings.Count(s.stderr.String(), "ran\n"); runs != 1 {
		t.Errorf("the action ran %d times", runs)
	}
}
