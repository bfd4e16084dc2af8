//go:build linux

package openwhisk_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// inits are env's of an /init, each with variables that mean something to the proxy, to the library or to Go.
var inits = []map[string]string{
	{
		"__OW_PROBE": "1", "__OW_HANDOVER": "3", "OW_PROTOCOL": "bogus", "OW_MAX_BODY": "10MB", "OW_MAX_CODE": "some", "OW_INIT_TIMEOUT": "never",
		"OW_SHUTDOWN_GRACE": "long", "OW_PORT": "http", "PORT": "x", "FLASK_PROXY_PORT": "x", "PROXY_ALLOW_REINIT": "1", "OW_HANDSHAKE": "perhaps",
		"OW_RESULT_FD": "9", "OW_ACTION_DIR": "", "OW_LAUNCHER": "/none", "OW_STEMCELL": "none", "OW_COMPILER": "/none", "OW_WAIT_FOR_ACK": "1",
		"__OW_ALLOW_CONCURRENT": "true", "GOMAXPROCS": "x", "GODEBUG": "nonsense", "GOGC": "off",
	},
	{"__OW_HANDOVER": "00003", "OW_PROTOCOL": "v0", "OW_MAX_BODY": "1", "OW_INIT_TIMEOUT": "1ns", "OW_PORT": "1", "__OW_WAIT_FOR_ACK": "", "__OW_PROXY_VERSION": ""},
	{"__OW_HANDOVER": "00000=x", "OW_ACTION_DIR": "/none", "__OW_WAIT_FOR_ACK": "1", "OW_EXECUTION_ENV": "x"},
	{"__OW_HANDOVER": ""},
}

// Init's env is the action's, whatever the proxy's own variables are called: it sees them as they were given, and the
// server, the protocol and the process are what they would be without them (rule 18).
func TestInitEnvIsTheActions(t *testing.T) {
	for i, env := range inits {
		for way, settings := range map[string][]string{
			"auto": nil, "exec": {"OW_PROTOCOL=exec"}, "v1": {"OW_PROTOCOL=v1"},
			"actionloop": {"OW_PROTOCOL=actionloop", "OW_WAIT_FOR_ACK=1"}, "actionloop without an acknowledgement": {"OW_PROTOCOL=actionloop"},
		} {
			t.Run(fmt.Sprint(way, " ", i), func(t *testing.T) {
				t.Parallel()
				text, _ := json.Marshal(env)
				names, _ := json.Marshal(slices.Collect(maps.Keys(env)))
				s := start(t, built.proxy, settings...)
				if got := s.post("/init", upload(t, built.action, string(text))); got != "200 OK" {
					t.Fatalf("init: %.500s", got)
				}
				if got := s.post("/run", `{"value":{"do":"env","names":`+string(names)+`}}`); got != "200 "+string(text) {
					t.Errorf("run: %s, want 200 %s", got, text)
				}
				if got := s.post("/init", `{"value":{}}`); got != `403 {"error":"Cannot initialize the action more than once."}` {
					t.Errorf("another init: %s", got)
				}
			})
		}
	}
}

// What a request says of its activation is in the environment of its run, as launchers of other runtimes put it there,
// and nothing of it in the next one's (rule 25).
func TestActivationInTheEnvironment(t *testing.T) {
	names := []string{"__OW_ACTIVATION_ID", "__OW_NAMESPACE", "__OW_ACTION_NAME", "__OW_ACTION_VERSION", "__OW_TRANSACTION_ID", "__OW_DEADLINE",
		"__OW_API_KEY", "__OW_EXTRA", "__OW_VALUE", "GREETING"}
	asked, _ := json.Marshal(names)
	runs := []struct{ members, want string }{
		{``, `{"GREETING":"hi","__OW_ACTION_NAME":"as init says"}`},
		{
			`"activation_id":"1","namespace":"guest","action_name":"/guest/x","action_version":"0.0.1","transaction_id":"t","deadline":"1515526795000","api_key":"a:b"`,
			`{"GREETING":"hi","__OW_ACTION_NAME":"/guest/x","__OW_ACTION_VERSION":"0.0.1","__OW_ACTIVATION_ID":"1","__OW_API_KEY":"a:b","__OW_DEADLINE":"1515526795000","__OW_NAMESPACE":"guest","__OW_TRANSACTION_ID":"t"}`,
		},
		{`"activation_id":"2","namespace":"guest","deadline":123,"Extra":{"a": [1, "❄"]}`, `{"GREETING":"hi","__OW_ACTION_NAME":"as init says","__OW_ACTIVATION_ID":"2","__OW_DEADLINE":"123","__OW_EXTRA":"{\"a\":[1,\"❄\"]}","__OW_NAMESPACE":"guest"}`},
		{`"activation_id":"2","namespace":"gue\u0073t","extra":"a\\b","api_key":null`, `{"GREETING":"hi","__OW_ACTION_NAME":"as init says","__OW_ACTIVATION_ID":"2","__OW_EXTRA":"a\\b","__OW_NAMESPACE":"guest"}`},
		{`"activation_id":"2","extra":"a\\\\b","namespace":"","a=b":"c","":"","api_key":"x\u0000y"`, `{"GREETING":"hi","__OW_ACTION_NAME":"as init says","__OW_ACTIVATION_ID":"2","__OW_API_KEY":"x","__OW_EXTRA":"a\\\\b","__OW_NAMESPACE":""}`},
		{``, `{"GREETING":"hi","__OW_ACTION_NAME":"as init says"}`},
	}
	for _, way := range []string{"alone", "exec", "auto", "actionloop"} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			var s *server
			env := []string{"GREETING=hi", "__OW_ACTION_NAME=as init says"}
			switch way {
			case "alone":
				s = start(t, built.action, env...)
			case "actionloop":
				s = uploaded(t, append(env, "OW_PROTOCOL=actionloop", "OW_WAIT_FOR_ACK=1")...)
			default:
				s = uploaded(t, append(env, "OW_PROTOCOL="+way)...)
			}
			for _, run := range runs {
				body := `{"value":{"do":"env","names":` + string(asked) + `}`
				if run.members != "" {
					body += "," + run.members
				}
				if got := s.post("/run", body+"}"); got != "200 "+run.want {
					t.Errorf("run with %s: %s, want 200 %s", run.members, got, run.want)
				}
			}
		})
	}
}

// A handler that sets such a variable itself does so for its own run.
func TestActivationInTheEnvironmentIsSetAnew(t *testing.T) {
	s := uploaded(t)
	for range 2 {
		if got, want := s.post("/run", `{"value":{"do":"setenv","names":["__OW_NAMESPACE"]},"namespace":"guest"}`), `200 {"__OW_NAMESPACE":"guest"}`; got != want {
			t.Errorf("run: %s, want %s", got, want)
		}
	}
}

// Runs that overlap have no environment of their own: what one is told must not be seen by another.
func TestActivationIsNotInTheEnvironmentOfRunsThatOverlap(t *testing.T) {
	s := uploaded(t, "__OW_ALLOW_CONCURRENT=true")
	if got, want := s.post("/run", `{"value":{"do":"env","names":["__OW_ACTIVATION_ID"]},"activation_id":"1"}`), `200 {}`; got != want {
		t.Errorf("run: %s, want %s", got, want)
	}
}

// A request with very many members costs no more than the sum of them.
func TestVeryManyMembersInTheEnvironment(t *testing.T) {
	s := uploaded(t)
	var members strings.Builder
	for i := range 200_000 {
		fmt.Fprintf(&members, `,"m%d":"%d"`, i, i)
	}
	for _, test := range [][2]string{{members.String(), `200 {"__OW_M199999":"199999","__OW_M7":"7"}`}, {"", `200 {}`}} {
		if got := s.post("/run", `{"value":{"do":"env","names":["__OW_M7","__OW_M199999"]}`+test[0]+`}`); got != test[1] {
			t.Errorf("run: %.300s, want %s", got, test[1])
		}
	}
}
