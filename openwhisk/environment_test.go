//go:build linux

package openwhisk_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
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
