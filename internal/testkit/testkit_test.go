package testkit

import (
	"net"
	"strconv"
	"testing"
)

func TestPort(t *testing.T) {
	port := Port(t)
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if number, err := strconv.Atoi(port); err != nil || number < lowestPort || number > 65535 {
		t.Errorf("port %s, %v", port, err)
	}
}
