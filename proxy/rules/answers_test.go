package rules

import (
	"os"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// protocols are those that speak through pipes, and how they are chosen.
var protocols = map[string]setting{
	"v0":         testkit.Env("OW_PROTOCOL=v0"),
	"v1":         testkit.Env("OW_PROTOCOL=v1"),
	"v2":         testkit.Env("OW_PROTOCOL=v2"),
	"quiet":      testkit.Env("OW_PROTOCOL=v1", "OW_HANDSHAKE=off", "OW_RESULT_FD=3"),
	"actionloop": testkit.Env("OW_PROTOCOL=actionloop"),
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

// whoAnswersWhat returns the table of docs/native-protocol.md: the cells of each row, by protocol.
func whoAnswersWhat(t *testing.T) map[string]map[string]string {
	t.Helper()
	page, err := os.ReadFile("../../docs/native-protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n| | v0 | ActionLoop | v1 |\n|---|---|---|---|\n")
	table, _, _ := strings.Cut(section, "\n\n")
	rows := map[string]map[string]string{}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(line, "|\n"), "|")
		rows[strings.TrimSpace(cells[0])] = map[string]string{
			"v0": strings.TrimSpace(cells[1]), "actionloop": strings.TrimSpace(cells[2]), "v1": strings.TrimSpace(cells[3]),
		}
	}
	return rows
}

// checkCell compares an answer with a cell: the status, and in backquotes the text of the member error, in which … stands
// for anything.
func checkCell(t *testing.T, got answer, cell string) {
	t.Helper()
	status, text, _ := strings.Cut(cell, " ")
	pattern := "(?s)^" + strings.ReplaceAll(regexp.QuoteMeta(strings.Trim(text, "`")), "…", ".+") + "$"
	if strconv.Itoa(got.Status) != status || !regexp.MustCompile(pattern).MatchString(got.Error(t)) {
		t.Errorf("got %s, the table says %s", got, cell)
	}
}

// TestAnswers is the table "who answers what" of docs/native-protocol.md, cell by cell, with rows that are finer than
// those of the page.
func TestAnswers(t *testing.T) {
	const ack = "OW_WAIT_FOR_ACK=1"
	of := func(v0, actionloop, v1 int) map[string]int {
		return map[string]int{"v0": v0, "actionloop": actionloop, "v1": v1}
	}
	all, logged, quiet := of(1, 1, 1), of(1, 0, 0), of(0, 0, 0)
	rows := []struct {
		name      string // of the page's row
		as        string // the cells of this row, which is not in the page
		env       string
		happy     bool // a good init comes first
		ask       func(p *proxy) answer
		sentinels map[string]int // activations that the log shows afterwards
		log       string         // stands on stderr where the answer does not say why
	}{
		{name: "a run before init", ask: func(p *proxy) answer { return p.Run(`{}`) }, sentinels: logged},
		{name: "init without code, and none in the image", ask: func(p *proxy) answer { return p.Post("/init", `{"value":{"name":"x","code":null}}`) }, sentinels: logged},
		{name: "init with nothing, and none in the image", as: "init without code, and none in the image",
			ask: func(p *proxy) answer { return p.Post("/init", `{"value":{}}`) }, sentinels: logged},
		{name: "init with broken base64", ask: func(p *proxy) answer { return p.Post("/init", `{"value":{"binary":true,"code":"%%%%"}}`) }, sentinels: logged},
		{name: "the action cannot start", ask: func(p *proxy) answer { return p.Init("#!/no/such/interpreter\n") }, sentinels: logged, log: "/no/such/interpreter"},
		{name: "no handshake, or a wrong one", ask: func(p *proxy) answer { return p.Init("#!/bin/sh\necho '{\"openwhisk\":2}'\ncat\n") }, sentinels: quiet},
		{name: "the acknowledgement is false", env: ack, ask: func(p *proxy) answer { return p.Init("#!/bin/sh\necho '{\"ok\":false}' >&3\ncat\n") }, sentinels: quiet},
		{name: "the action ends before the acknowledgement", env: ack, ask: func(p *proxy) answer { return p.Init("#!/bin/sh\nexit 0\n") }, sentinels: quiet},
		{name: "init is not JSON", ask: func(p *proxy) answer { return p.Post("/init", `{"value":{`) }, sentinels: logged},
		{name: "a run is not JSON", happy: true, ask: func(p *proxy) answer { return p.Post("/run", `{"value":{}`) }, sentinels: all},
		{name: "a second init", happy: true, ask: func(p *proxy) answer { return p.Init(obey()) }, sentinels: quiet, log: onlyOnce},
		{name: "the value is not an object or array", happy: true, ask: func(p *proxy) answer { return p.Run(`"text"`) }, sentinels: all},
		{name: "the result is not an object or array", happy: true, ask: func(p *proxy) answer { return p.do(step{"result", "\"text\"\n"}) }, sentinels: all},
		{name: "the action ends during a run", happy: true, ask: func(p *proxy) answer { return p.do(step{"exit", "3"}) }, sentinels: all},
		{name: "a run after that", happy: true, ask: func(p *proxy) answer {
			p.do(step{"exit", "3"})
			return p.Run(`{}`)
		}, sentinels: of(2, 2, 2)},
		{name: "the container is stopping", happy: true, ask: askWhileStopping, sentinels: all},
		{name: "a request is larger than `OW_MAX_BODY`", env: "OW_MAX_BODY=1KiB", ask: func(p *proxy) answer { return p.Run(`{"` + strings.Repeat("x", 2048) + `":0}`) }},
		{name: "an unknown path", ask: func(p *proxy) answer { return p.Post("/elsewhere", `{"value":{}}`) }, sentinels: quiet},
		{name: "not a POST", ask: func(p *proxy) answer { return p.Request("GET", "/run", `{"value":{}}`) }, sentinels: quiet},
	}
	table := whoAnswersWhat(t)
	known := map[string]bool{}
	for _, row := range rows {
		as := row.name
		if row.as != "" {
			as = row.as
		}
		known[as] = true
		if len(table[as]) == 0 {
			t.Errorf("the page has no row %q", as)
		}
		for protocol, cell := range table[as] {
			if cell == "-" {
				continue
			}
			t.Run(row.name+"/"+protocol, func(t *testing.T) {
				t.Parallel()
				p := start(t, protocols[protocol], testkit.Env(row.env), graceful)
				if row.happy {
					p.ready(obey())
				}
				got := row.ask(p)
				checkCell(t, got, cell)
				if row.log != "" && (protocol != "v1" || row.log == onlyOnce) {
					p.Logged(row.log)
				}
				if row.sentinels != nil {
					p.Ended(row.sentinels[protocol])
				}
			})
		}
	}
	if len(known) != len(table) {
		t.Errorf("the page has %d rows, the test %d", len(table), len(known))
	}
}

// askWhileStopping asks for a run while another one goes on after SIGTERM.
func askWhileStopping(p *proxy) answer {
	gate := newGate(p.T)
	running := p.Dial()
	running.Send("/run", `{"value":`+doing("running", step{"stderr", "running\n"}, step{"await", gate.file})+`}`)
	p.awaitBusy()
	p.Signal(syscall.SIGTERM)
	p.awaitStop()
	got := p.Run(`{}`)
	gate.open()
	if last, err := running.Answer(); err != nil || checkOwn(last, "running") != nil {
		p.T.Errorf("the run that went on got %s %v", last, err)
	}
	return got
}
