package testkit

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
)

// lowestPort is the first port that is tried: those of well-known services lie below.
const lowestPort = 10_000

// Port returns a TCP port on which nobody listens, at any address of this machine, for a program that has to be told
// its port.
//
// A port that the kernel chooses (":0") and that is closed again may be taken before the program listens on it: by any
// outgoing connection, of which the tests that run meanwhile make thousands. So Port stays out of the kernel's range.
func Port(t Failer) string {
	end := max(lowestPort+1000, firstOutgoing())
	var err error
	for range 100 {
		port := strconv.Itoa(lowestPort + rand.IntN(end-lowestPort))
		var listener net.Listener
		if listener, err = net.Listen("tcp", ":"+port); err == nil {
			if err = listener.Close(); err == nil {
				return port
			}
		}
	}
	t.Fatalf("find a free port: %v", err)
	return ""
}

// firstOutgoing returns the first port of the range that the kernel takes for outgoing connections (ip(7)).
func firstOutgoing() int {
	first := 32768
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		_, _ = fmt.Sscan(string(text), &first)
	}
	return first
}
