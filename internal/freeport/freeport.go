// Package freeport finds ports for programs that a test starts and that have to be
// told one.
//
// A port that the kernel chooses (":0") and that is closed again may be taken
// before the program listens on it: by any outgoing connection, of which the
// tests that run meanwhile make thousands. So ports are looked for outside of the
// kernel's range.
package freeport

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
)

// lowest is the first port that is tried: those of well-known services lie below.
const lowest = 10_000

// Find gives a port that nobody listens on, at any address of this machine.
func Find() (string, error) {
	end := max(lowest+1000, firstOutgoing())
	var err error
	for range 100 {
		port := strconv.Itoa(lowest + rand.IntN(end-lowest))
		var listener net.Listener
		if listener, err = net.Listen("tcp", ":"+port); err == nil {
			return port, listener.Close()
		}
	}
	return "", fmt.Errorf("find a free port: %w", err)
}

// firstOutgoing is where the range begins that the kernel takes for outgoing
// connections (ip(7)).
func firstOutgoing() int {
	first := 32768
	if text, err := os.ReadFile("/proc/sys/net/ipv4/ip_local_port_range"); err == nil {
		_, _ = fmt.Sscan(string(text), &first)
	}
	return first
}
