package openwhisk

import (
	"os"
	"strconv"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/http1"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/whisk"
)

// takeOver goes on where the proxy that this program replaces has stopped, and
// answers the /init that brought the program.
func (p *program) takeOver(descriptor string, server *http1.Server, service *whisk.Service, action *inProcess) {
	os.Unsetenv(handoverVariable) // nobody takes over from this program's children
	file, err := strconv.Atoi(descriptor)
	if err != nil {
		fail(handoverVariable + " is not for people: the proxy sets it")
	}
	request, err := server.TakeOver(file)
	if err != nil {
		fail("cannot take over from the proxy: " + err.Error())
	}
	if err := p.initialize(); err != nil {
		reason := "cannot start action: " + err.Error()
		request.Answer(502, append(jsonscan.AppendQuoted([]byte(`{"error":`), reason), '}'))
		action.logs.settle()
		fail(reason)
	}
	service.Preset(action, true)
	request.Answer(200, []byte("OK"))
}
