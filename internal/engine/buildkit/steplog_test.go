package buildkit

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/moby/buildkit/client"
	gatewayapi "github.com/moby/buildkit/frontend/gateway/pb"
	"github.com/moby/buildkit/solver/errdefs"
	digest "github.com/opencontainers/go-digest"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
)

// TestExplain holds how the error of a solve is explained, and whether another builder may do better.
func TestExplain(t *testing.T) {
	at := digest.FromString("a step")
	exit := func(status uint32) error {
		return errdefs.WrapVertex(&gatewayapi.ExitError{ExitCode: status, Err: errors.New("process did not complete successfully")}, at)
	}
	for _, test := range []struct {
		name, said string
		err        error
		want       string
		lost       bool
	}{
		{"its program fails", "one\n\n\x1b[31mtwo\x1b[0m  is\tred\r\nthr", exit(7), "run-1 for linux/arm64: its script ended with exit status 7; the end of what it wrote: one | two is red | thr", false},
		{"it says much", strings.Repeat("a line of much text\n", 1000), exit(1),
			"run-1 for linux/arm64: its script ended with exit status 1; the end of what it wrote: a line of much text" + strings.Repeat(" | a line of much text", 4), false},
		{"it says nothing", " \n", exit(1), "run-1 for linux/arm64: its script ended with exit status 1", false},
		{"it says what a disk says", "no space left on device", exit(1), "run-1 for linux/arm64: its script ended with exit status 1; the end of what it wrote: no space left on device", false},
		{"no such machine", "exec /bin/sh: exec format error\n", exit(1),
			"it runs no programs of linux/arm64, which the steps of the image need: add a builder of that platform, or register QEMU on its machine", true},
		{"it cannot be started", "runc run failed: no rights\n", exit(1), "it cannot start run-1 for linux/arm64: runc run failed: no rights", true},
		{"no program has failed", "", errdefs.WrapVertex(errors.New("secret TOKEN: not found"), at), "run-1 for linux/arm64: secret TOKEN: not found", false},
		{"it is no step", "", errdefs.WrapVertex(errors.New("no such layer"), digest.FromString("a layer")), "no such layer", false},
		{"it is of no vertex", "", errors.New("no such repository"), "no such repository", false},
		{"there is none", "", nil, "<nil>", false},
	} {
		t.Run(test.name, func(t *testing.T) {
			log := newStepLog()
			log.steps[at] = step{"run-1", images.LinuxARM64}
			next := make(chan *client.SolveStatus, len(test.said))
			statuses := log.listen(next)
			for half := range 2 { // lines come in pieces
				from, to := half*len(test.said)/2, (half+1)*len(test.said)/2
				statuses <- &client.SolveStatus{Logs: []*client.VertexLog{{Vertex: at, Data: []byte(test.said[from:to])}}}
				<-next
			}
			close(statuses)
			if _, open := <-next; open {
				t.Error("the next one is not closed")
			}
			got := log.explain(test.err)
			var lost *lostError
			if fmt.Sprint(got) != test.want || errors.As(got, &lost) != test.lost {
				t.Errorf("got  %v\nwant %s (%v)", got, test.want, test.lost)
			}
		})
	}
}
