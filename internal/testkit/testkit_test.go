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

// TestOutput holds that only a line that is nothing else counts as a sentinel, in however many pieces it comes.
func TestOutput(t *testing.T) {
	o, pipe := newOutput(t)
	for _, text := range []string{"one\n", Sentinel[:10], Sentinel[10:], "\n", "I know " + Sentinel + "\n", "half" + Sentinel + "\n", Sentinel + "\n", "rest"} {
		if _, err := pipe.WriteString(text); err != nil {
			t.Fatal(err)
		}
	}
	pipe.Close()
	<-o.Closed
	if got := o.Ended(); got != 2 {
		t.Errorf("%d activations have ended, want 2", got)
	}
	if logs := o.activations(); len(logs) != 2 || logs[0] != "one\n" || logs[1] != "I know "+Sentinel+"\nhalf"+Sentinel+"\n" {
		t.Errorf("the logs are %q", logs)
	}
	if !o.HasLine("one") || o.HasLine("half") || !o.Holds("half") || o.Tail(4) != "rest" {
		t.Errorf("it holds %q", o)
	}
}
