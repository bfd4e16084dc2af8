package rules

import (
	"fmt"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// Answers that clients do not take are bounded as bodies are: the next run waits
// until there is room, and clients that take nothing lose their connections.
func TestRule32_UnreadAnswersAreBounded(t *testing.T) {
	t.Parallel()
	for protocol, variables := range map[string]string{"v0": "", "v1": "", "actionloop": "", "v0, overlapping": "__OW_ALLOW_CONCURRENT=true"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			const size, clients = 8 << 20, 16
			chosen := protocols[protocol]
			if chosen == nil {
				chosen = protocols["v0"]
			}
			p := start(t, chosen, testkit.Env("OW_MAX_BODY=9MiB", variables)).ready(obey())
			var deaf []*connection
			for i := range clients {
				c := p.Dial()
				c.SetReadBuffer(4096)
				c.Send("/run", `{"value":`+doing(fmt.Sprint(i), step{"large", fmt.Sprint(size)})+`}`)
				deaf = append(deaf, c)
			}
			if got := p.Run(`{"id":"last"}`); checkOwn(got, "last") != nil {
				t.Errorf("got %s", got)
			}
			// 25 MB of answers and bodies, one answer more, as much as the garbage between two collections. Runs that overlap
			// hold their own output until it is an answer, up to OW_MAX_BODY each: docs/proxy.md says so.
			if peak := p.peakMemory(); variables == "" && peak > 100_000_000 {
				t.Errorf("the proxy took %d bytes for %d of answers", peak, clients*size)
			}
			for _, c := range deaf {
				c.Close()
			}
			testkit.Await(t, "the connections are gone", func() bool { return len(testkit.Descriptors(p.Cmd.Process.Pid)) < clients })
			if got := p.Run(`{"id":"afterwards"}`); checkOwn(got, "afterwards") != nil {
				t.Errorf("got %s", got)
			}
		})
	}
}

// Clients that take their answers get them, however little room there is.
func TestRule32_ReadersKeepTheirConnections(t *testing.T) {
	t.Parallel()
	eachBuild(t, func(t *testing.T, binary string) {
		p := start(t, build(binary), testkit.Env("OW_MAX_BODY=9MiB")).ready(obey())
		crowd(t, p, 10, 3, step{"large", fmt.Sprint(8 << 20)})
	})
}
