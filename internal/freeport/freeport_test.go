package freeport

import (
	"net"
	"strconv"
	"testing"
)

func TestFind(t *testing.T) {
	port, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+port)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	if number, err := strconv.Atoi(port); err != nil || number < lowest || number > 65535 {
		t.Errorf("port %s, %v", port, err)
	}
}
