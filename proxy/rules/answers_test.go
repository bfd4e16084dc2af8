package rules

import (
	"strings"
	"testing"
)

// protocols are those that speak through pipes, and how they are chosen.
var protocols = map[string]setting{
	"v0":         env("OW_PROTOCOL=v0"),
	"v1":         env("OW_PROTOCOL=v1"),
	"quiet":      env("OW_PROTOCOL=v1", "OW_HANDSHAKE=off", "OW_RESULT_FD=3"),
	"actionloop": env("OW_PROTOCOL=actionloop"),
}

// eachProtocol runs a test under every protocol.
func eachProtocol(t *testing.T, test func(t *testing.T, protocol string, chosen setting)) {
	for name, chosen := range protocols {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, name, chosen)
		})
	}
}

const (
	noLocate   = "The action failed to locate a binary. See logs for details."
	noGenerate = "The action failed to generate or locate a binary. See logs for details."
	noResult   = "The action did not return a dictionary or array."
	noArgument = "The action did not receive a dictionary or array as an argument."
	onlyOnce   = "Cannot initialize the action more than once."
)

// A cell is one of the table "who answers what".
type cell struct {
	status    int
	text      string // a final … stands for anything
	sentinels int    // activations that the log shows afterwards
}

// TestAnswers is the table "who answers what", row by row.
func TestAnswers(t *testing.T) {
	rows := []struct {
		name  string
		happy bool // a good init comes first
		ask   func(p *proxy) answer
		cells map[string]cell
		log   string // stands on stderr where the answer does not say why
	}{
		{
			name: "run before init",
			ask:  func(p *proxy) answer { return p.run(`{}`) },
			cells: map[string]cell{
				"v0":         {502, noLocate, 1},
				"actionloop": {500, "no action defined yet", 0},
				"v1":         {502, "the action failed to locate a binary", 0},
			},
		},
		{
			name: "init without code, nothing baked",
			ask:  func(p *proxy) answer { return p.post("/init", `{"value":{}}`) },
			cells: map[string]cell{
				"v0":         {502, noGenerate, 1},
				"actionloop": {403, "Missing main/no code to execute.", 0},
				"v1":         {403, "Missing main/no code to execute.", 0},
			},
		},
		{
			name: "bad base64",
			ask:  func(p *proxy) answer { return p.post("/init", `{"value":{"binary":true,"code":"%%%%"}}`) },
			cells: map[string]cell{
				"v0":         {502, noGenerate, 1},
				"actionloop": {400, "cannot decode the request: …", 0},
				"v1":         {400, "cannot decode the request: …", 0},
			},
		},
		{
			name: "cannot start",
			ask:  func(p *proxy) answer { return p.init("#!/no/such/interpreter\n") },
			cells: map[string]cell{
				"v0":         {502, noGenerate, 1},
				"actionloop": {502, "cannot start action: command exited", 0},
				"v1":         {502, "cannot start action: …", 0},
			},
			log: "/no/such/interpreter",
		},
		{
			name: "dies during a run", happy: true,
			ask: func(p *proxy) answer { return p.do(step{"exit", "3"}) },
			cells: map[string]cell{
				"v0":         {502, noResult, 1},
				"actionloop": {400, "command exited", 1},
				"v1":         {502, "the action exited: exit status 3", 1},
			},
		},
		{
			name: "killed during a run", happy: true,
			ask: func(p *proxy) answer { return p.do(step{"kill", "15"}) },
			cells: map[string]cell{
				"v0":         {502, noResult, 1},
				"actionloop": {400, "command exited", 1},
				"v1":         {502, "the action exited: signal: terminated", 1},
			},
		},
		{
			name: "a run after that", happy: true,
			ask: func(p *proxy) answer {
				p.do(step{"exit", "3"})
				return p.run(`{}`)
			},
			cells: map[string]cell{
				"v0":         {200, "", 2},
				"actionloop": {500, "command exited", 2},
				"v1":         {500, "the action exited: exit status 3", 2},
			},
		},
		{
			name: "not JSON", ask: func(p *proxy) answer { return p.post("/init", `{"value":{`) },
			cells: map[string]cell{
				"v0":         {502, noGenerate, 1},
				"actionloop": {400, "Error unmarshaling request: …", 0},
				"v1":         {400, "Error unmarshaling request: …", 0},
			},
		},
		{
			name: "a wrong type", ask: func(p *proxy) answer { return p.post("/init", `{"value":{"env":["A=b"],"code":"x"}}`) },
			cells: map[string]cell{
				"v0":         {400, "Error unmarshaling request: …", 1},
				"actionloop": {400, "Error unmarshaling request: …", 0},
				"v1":         {400, "Error unmarshaling request: …", 0},
			},
		},
		{
			name: "a second init", happy: true,
			ask: func(p *proxy) answer { return p.init(obey()) },
			cells: map[string]cell{
				"v0":         {403, onlyOnce, 0},
				"actionloop": {403, onlyOnce, 0},
				"v1":         {403, onlyOnce, 0},
			},
			log: onlyOnce,
		},
		{
			name: "the value is a string", happy: true,
			ask: func(p *proxy) answer { return p.run(`"text"`) },
			cells: map[string]cell{
				"v0":         {404, noArgument, 1},
				"actionloop": {404, noArgument, 1},
				"v1":         {404, noArgument, 1},
			},
		},
		{
			name: "the result is a string", happy: true,
			ask: func(p *proxy) answer { return p.do(step{"result", "\"text\"\n"}) },
			cells: map[string]cell{
				"v0":         {502, noResult, 1},
				"actionloop": {502, noResult, 1},
				"v1":         {502, noResult, 1},
			},
		},
	}
	for _, row := range rows {
		for protocol, want := range row.cells {
			t.Run(row.name+"/"+protocol, func(t *testing.T) {
				t.Parallel()
				p := start(t, protocols[protocol])
				if row.happy {
					p.ready(obey())
				}
				got := row.ask(p)
				if prefix, open := strings.CutSuffix(want.text, "…"); got.status != want.status {
					t.Errorf("got %s, want %d", got, want.status)
				} else if want.status == 200 {
				} else if text := got.error(t); open && !strings.HasPrefix(text, prefix) || !open && text != want.text {
					t.Errorf("got %s, want %s", got, want.text)
				} else if row.log != "" && (protocol != "v1" || row.log == want.text) {
					p.logged(row.log)
				}
				p.ended(want.sentinels)
			})
		}
	}
}
