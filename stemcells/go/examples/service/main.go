// Service asks a slow service, which is at a port of this machine. Where the platform lets runs overlap, many wait for
// it at the same time, a goroutine for each.
//
//	mkimage invoke 8080 --param name=Mike --param port=9000
package main

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/openwhisk"
)

// Event is the argument: {"name": "Mike", "port": 9000}.
type Event struct {
	Name string `json:"name"`
	Port int    `json:"port"`
}

func ask(ctx context.Context, event Event) (map[string]string, error) {
	var dialer net.Dialer
	service, err := dialer.DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", event.Port))
	if err != nil {
		return nil, err
	}
	defer service.Close()
	fmt.Fprintln(service, event.Name)
	answer, err := bufio.NewReader(service).ReadString('\n')
	id, _ := openwhisk.ActivationID(ctx)
	return map[string]string{"answer": strings.TrimSpace(answer), "activation": id}, err
}

func main() { openwhisk.StartFunc(ask) }
