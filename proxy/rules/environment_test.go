package rules

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// environment runs the action and gives what it finds in its environment.
func (p *proxy) environment(body string) map[string]string {
	p.T.Helper()
	got := p.Post("/run", body)
	var result struct{ Env map[string]string }
	if err := json.Unmarshal([]byte(got.Body), &result); err != nil || got.Status != 200 {
		p.T.Fatalf("%s %v", got, err)
	}
	return result.Env
}

const showEnv = `{"value":{"do":[["env"]]}}`

func TestRule18_InitExportsTheEnvironment(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, _ string, chosen setting) {
		p := start(t, chosen, testkit.Env("__OW_API_HOST=container", "KEPT=container", "__OW_REGION=container"))
		code, _ := json.Marshal(obey())
		body := `{"value":{"env":{"EMPTY":"","EQUALS":"a=b=c","SNOW":"❄\u2603","LINES":"a\nb","NUMBER":1.50,"BIG":12345678901234567890,"YES":true,` +
			`"NULL":null,"LIST":[1, "a b" ,{"x" : null}],"OBJECT":{ "a b" : "c  d" },"__OW_API_HOST":"init","SPACED NAME":"x","PATH_TO":"/x"},"code":` + string(code) + `}}`
		if got := p.Post("/init", body); got.Status != 200 {
			t.Fatalf("init: %s", got)
		}
		found := p.environment(showEnv)
		for name, want := range map[string]string{
			"EMPTY": "", "EQUALS": "a=b=c", "SNOW": "❄☃", "LINES": "a\nb", "NUMBER": "1.50", "BIG": "12345678901234567890", "YES": "true",
			"NULL": "null", "LIST": `[1,"a b",{"x":null}]`, "OBJECT": `{"a b":"c  d"}`, "__OW_API_HOST": "init", "KEPT": "container",
			"__OW_REGION": "container", "PATH_TO": "/x",
		} {
			if got, there := found[name]; !there || got != want {
				t.Errorf("%s is %q (%v), want %q", name, got, there, want)
			}
		}
	})
}

func TestRule19_TheContainersEnvironmentComesFirst(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, _ string, chosen setting) {
		p := start(t, chosen, testkit.Env("OF_THE_CONTAINER=yes", "__OW_API_HOST=https://host", "OW_EXECUTION_ENV=", "HOME=/tmp"))
		p.ready(obey())
		found := p.environment(showEnv)
		for name, want := range map[string]string{"OF_THE_CONTAINER": "yes", "__OW_API_HOST": "https://host", "HOME": "/tmp"} {
			if found[name] != want {
				t.Errorf("%s is %q, want %q", name, found[name], want)
			}
		}
		if found["PATH"] == "" || found["__OW_PROXY_VERSION"] == "" {
			t.Errorf("PATH is %q, __OW_PROXY_VERSION is %q", found["PATH"], found["__OW_PROXY_VERSION"])
		}
		for _, name := range []string{"__OW_EXECUTION_ENV", "__OW_WAIT_FOR_ACK"} {
			if _, there := found[name]; there {
				t.Errorf("%s is set", name)
			}
		}
	})
}

func TestRule19_ActionLoopsVariables(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Env("OW_PROTOCOL=actionloop", "OW_WAIT_FOR_ACK=1", "OW_EXECUTION_ENV=tests/1"))
	p.bake("exec", obey())
	p.bake("exec.env", "tests/1\n")
	if got := p.Post("/init", `{"value":{}}`); got.Status != 200 {
		t.Fatalf("init: %s", got)
	}
	found := p.environment(showEnv)
	if found["__OW_WAIT_FOR_ACK"] != "1" || found["__OW_EXECUTION_ENV"] != "tests/1" {
		t.Errorf("found %q", found)
	}
}

// activation is a request as the invoker sends it, around a value.
func activation(value string) string {
	return `{"value":` + value + `,"namespace":"guest","action_name":"/guest/❄","action_version":"0.0.1","activation_id":"a1","transaction_id":"t\n1",` +
		`"deadline":"1700000000000","api_key":"k:s","empty":"","count":7,"list":[1, 2],"nothing":null,"mixed Case":"x","a=b":"x"}`
}

func TestRule25_V0TurnsMembersIntoVariables(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Env("OW_PROTOCOL=v0", "__OW_API_HOST=https://host")).ready(obey())
	found := p.environment(activation(`{"do":[["env"]]}`))
	for name, want := range map[string]string{
		"__OW_NAMESPACE": "guest", "__OW_ACTION_NAME": "/guest/❄", "__OW_ACTION_VERSION": "0.0.1", "__OW_ACTIVATION_ID": "a1",
		"__OW_TRANSACTION_ID": "t\n1", "__OW_DEADLINE": "1700000000000", "__OW_API_KEY": "k:s", "__OW_EMPTY": "", "__OW_COUNT": "7",
		"__OW_LIST": "[1,2]", "__OW_NOTHING": "null", "__OW_MIXED CASE": "x", "__OW_API_HOST": "https://host",
	} {
		if got, there := found[name]; !there || got != want {
			t.Errorf("%s is %q (%v), want %q", name, got, there, want)
		}
	}
	if _, there := found["__OW_VALUE"]; there {
		t.Error("the value is a variable")
	}
	found = p.environment(showEnv)
	for name := range found {
		if strings.HasPrefix(name, "__OW_") && name != "__OW_API_HOST" && name != "__OW_PROXY_VERSION" {
			t.Errorf("%s leaks into the next run", name)
		}
	}
}

func TestRule25_ActionLoopHasTheMembersInTheLine(t *testing.T) {
	t.Parallel()
	p := start(t, testkit.Env("OW_PROTOCOL=actionloop")).ready(obey())
	got := p.Post("/run", activation(`{"do":[["env"]]}`))
	var result struct {
		Request map[string]any
		Env     map[string]string
	}
	if err := json.Unmarshal([]byte(got.Body), &result); err != nil {
		t.Fatalf("%s: %v", got, err)
	}
	for name, want := range map[string]any{"namespace": "guest", "activation_id": "a1", "deadline": "1700000000000", "api_key": "k:s", "count": 7.0, "transaction_id": "t\n1", "nothing": nil} {
		if found, there := result.Request[name]; !there || found != want {
			t.Errorf("%s is %v, want %v", name, found, want)
		}
	}
	if _, there := result.Env["__OW_ACTIVATION_ID"]; there {
		t.Error("the activation's id is a variable too")
	}
}

func TestRule29_TheWorkingDirectoryIsTheActions(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		p := start(t, chosen, testkit.Env("PWD=/elsewhere")).ready(obey())
		got := p.do(step{"directory"}, step{"env", "PWD"})
		var result struct {
			Directory string
			Env       map[string]string
		}
		if err := json.Unmarshal([]byte(got.Body), &result); err != nil {
			t.Fatalf("%s: %v", got, err)
		}
		real, err := filepath.EvalSymlinks(p.Dir)
		if protocol == "actionloop" { // a numbered one for each init
			real = filepath.Join(real, "1", "bin")
		}
		if err != nil || result.Directory != real || result.Env["PWD"] != real {
			t.Errorf("directory %q, PWD %q, want %q", result.Directory, result.Env["PWD"], p.Dir)
		}
	})
}

func TestRule29_ALoopHasNoArguments(t *testing.T) {
	t.Parallel()
	for protocol, code := range map[string]string{
		"v1":         "#!/bin/sh\necho '{\"openwhisk\":1}'\nwhile read -r line; do echo \"[$#]\"; done\n",
		"actionloop": "#!/bin/sh\nwhile read -r line; do echo \"[$#]\" >&3; done\n",
	} {
		if got := start(t, protocols[protocol]).ready(code).Run(`{}`); got != testkit.OK("[0]") {
			t.Errorf("%s: got %s", protocol, got)
		}
	}
}

// An action gets no descriptor of the proxy: 0, 1 and 2, and 3 where its
// protocol says so.
func TestRule19_NoDescriptorsLeak(t *testing.T) {
	t.Parallel()
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		p := start(t, chosen)
		var crowd []*connection
		for range 10 {
			crowd = append(crowd, p.Dial())
		}
		for _, c := range crowd {
			c.Send("/unknown", "")
			c.Answer()
		}
		got := p.ready(obey()).do(step{"descriptors"})
		want := `"descriptors":["0","1","2"]`
		if protocol == "actionloop" || protocol == "quiet" {
			want = `"descriptors":["0","1","2","3"]`
		}
		contains(t, got.Body, want)
	})
}

// Nor does it get those that the proxy was started with, as by flock(1): the proxy
// itself does not keep them.
func TestRule19_InheritedDescriptorsAreClosed(t *testing.T) {
	t.Parallel()
	lock, err := os.Create(filepath.Join(t.TempDir(), "lock"))
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	eachProtocol(t, func(t *testing.T, protocol string, chosen setting) {
		for name, numbers := range map[string][]int{"3": {3}, "3 to 9": {3, 4, 5, 6, 7, 8, 9}, "4": {4}, "5 and 400": {5, 400}, "900": {900}} {
			inherit := func(c *exec.Cmd) {
				for _, n := range numbers {
					for len(c.ExtraFiles) <= n-3 {
						c.ExtraFiles = append(c.ExtraFiles, nil)
					}
					c.ExtraFiles[n-3] = lock
				}
			}
			p := start(t, chosen, inherit).ready(obey())
			if slices.Contains(testkit.Descriptors(p.Cmd.Process.Pid), lock.Name()) {
				t.Errorf("%s: the proxy keeps it open", name)
			}
			want := `"descriptors":["0","1","2"]`
			if protocol == "actionloop" || protocol == "quiet" {
				want = `"descriptors":["0","1","2","3"]`
			}
			contains(t, p.do(step{"descriptors"}).Body, want)
		}
	})
}
