package rules

import (
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// Whoever collects the logs may pause. The action waits, and so does the answer whose log is not out; everybody else
// does not.
func TestRule34_ACollectorThatPauses(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"v0", "v1", "actionloop"} {
		t.Run(protocol, func(t *testing.T) {
			t.Parallel()
			eachBuild(t, func(t *testing.T, binary string) {
				out, w, err := os.Pipe()
				if err != nil {
					t.Fatal(err)
				}
				defer out.Close()
				p := start(t, build(binary), protocols[protocol], func(c *exec.Cmd) { c.Stdout, c.Stderr = w, w }).ready(obey())
				w.Close()
				waits := p.Dial()
				waits.Send("/run", `{"value":`+doing("own", step{"flood", "stderr", "400000"})+`}`)
				p.settled() // both pipes are full
				for range 5 {
					c := p.Dial()
					c.Send("/unknown", "")
					if got, err := c.Answer(); err != nil || got.Status != 404 {
						t.Fatalf("meanwhile: %s %v", got, err)
					}
				}
				// Only now somebody reads.
				read := make(chan string)
				go func() {
					b, _ := io.ReadAll(out)
					read <- string(b)
				}()
				got, err := waits.Answer()
				if err == nil {
					err = checkOwn(got, "own")
				}
				if err != nil {
					t.Error(err)
				}
				p.end()
				if log := <-read; !strings.HasPrefix(log, flooded(400_000)) || strings.Count(log, testkit.Sentinel) != 2 {
					t.Errorf("%d bytes of log, %d sentinels", len(log), strings.Count(log, testkit.Sentinel))
				}
			})
		})
	}
}
