//go:build linux

package whisk

import (
	"strconv"
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/native"
)

// HandoverVariable tells a program that replaces this one where it finds what it
// takes over: the number of a descriptor (http1.Server.TakeOver).
const HandoverVariable = "__OW_HANDOVER"

// become ends this program in favour of another, which answers r once it is ready
// (rule 36). Nothing is lost: the sockets stay open, and runs that were read are
// answered first. From here on there is no way back, so a failure ends the
// container.
func (s *Service) become(r *http1.Request, next *native.Replacement) {
	s.turn.take()
	err := s.Server.Quiesce()
	for run := s.turn.next(); run != nil; run = s.turn.next() {
		s.fail(run, s.config.protocol().beforeInit())
	}
	if err == nil {
		var file int
		if file, err = s.Server.Handover(r, 403, errorBody(textTwice)); err == nil {
			err = next.Exec([2]string{HandoverVariable, strconv.Itoa(file)})
		}
	}
	reason := "cannot start action: it could not take over: " + err.Error()
	s.fail(r, Failure{Status: 502, Text: reason, Log: reason})
	syscall.Exit(1)
}
