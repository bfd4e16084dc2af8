package rules

import (
	"fmt"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/testkit"
)

// seedLoop is the bash action of the mail that this project began with, word
// for word.
const seedLoop = `#!/bin/bash
echo '{"openwhisk":1}'
while read line
do
   name="$(echo $line | jq -r .name)"
   logger -s "name=$name"
   hello="Hello, $name"
   logger -s "sent response"
   echo '{"hello":"'$hello'"}'
done
`

func TestSeed_TheBashLoop(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"bash", "jq", "logger"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skip(err)
		}
	}
	p := start(t).ready(seedLoop)
	var clients sync.WaitGroup
	for i := range 20 {
		clients.Go(func() {
			got, err := p.TryPost("/run", fmt.Sprintf(`{"value":{"name":"Mike%d"}}`, i))
			if want := testkit.OK(fmt.Sprintf(`{"hello":"Hello, Mike%d"}`, i)); err != nil || got != want {
				t.Errorf("got %s %v, want %s", got, err, want)
			}
		})
	}
	clients.Wait()
	_, stderr := p.Ended(20)
	for _, log := range stderr { // what logger(1) itself has to say differs from system to system
		if strings.Count(log, "\n") < 2 {
			t.Errorf("a run logged %q", log)
		}
	}
}

// What the seed's README types.
func TestSeed_TheCurlSession(t *testing.T) {
	t.Parallel()
	p := start(t)
	if got, want := p.Post("/run", `{"value":{"name":"Mike"}}`), testkit.Failed(502, "the action failed to locate a binary"); got != want {
		t.Errorf("before init: %s", got)
	}
	if got, want := p.Post("/init", `{"value":{"binary":true,"code":"`+wrapped(encoded(seedLoop), " ")+`"}}`), testkit.OK("OK"); got != want {
		t.Errorf("init: %s", got)
	}
}
