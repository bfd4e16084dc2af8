//go:build linux

// Package load sends runs to an action proxy in a closed loop, each connection its next request as soon as the last one
// is answered, and checks that every answer is the request's own:
//
//	result, err := load.Load{Address: "127.0.0.1:8080", Connections: 100, Requests: 10000}.Run()
//
// It shares the machine with the server it measures, so it is cheap: one thread, raw sockets, no allocation between two
// requests, the garbage collector at rest.
package load

import (
	"bytes"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"
)

// Load describes the requests, and their destination.
type Load struct {
	Address     string // IPv4 address and port
	Connections int    // 1 when 0
	Warm        int    // requests before the counted ones
	Requests    int
	Pad         int           // characters added to each value
	Each        bool          // a connection for each request; to connect counts as its time
	Patience    time.Duration // for one answer; 10 s when 0
	Limit       time.Duration // for everything; a minute when 0
}

// Run sends the load. Bad answers are counted, not errors, and so is a server
// that dies on the way; the error says why the load could not begin.
func (l Load) Run() (*Result, error) {
	l = l.withDefaults()
	if err := WaitOpen(l.Address, 0); err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	to, err := parseAddress(l.Address)
	if err != nil {
		return nil, fmt.Errorf("load: %w", err)
	}
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	runtime.GC()
	defer debug.SetGCPercent(debug.SetGCPercent(-1))

	send := (*run).sequential
	if l.Connections > 1 {
		send = (*run).parallel
	}
	r := &run{Load: l, to: to, request: newRequest(l.Address, "/run", l.Pad, l.Each), until: time.Now().Add(l.Limit)}
	for _, count := range []int{l.Warm, l.Requests} {
		r.begin(count)
		began := time.Now()
		if err := send(r); err != nil {
			r.giveUp(err)
		}
		r.finish(time.Since(began))
	}
	return &r.Result, nil
}

func (l Load) withDefaults() Load {
	l.Connections = max(l.Connections, 1)
	if l.Patience == 0 {
		l.Patience = 10 * time.Second
	}
	if l.Limit == 0 {
		l.Limit = time.Minute
	}
	return l
}

// run is a load under way.
type run struct {
	Load
	Result
	to      address
	request request
	total   int // requests to send
	id      int // of the next request, never used twice
	until   time.Time
}

// begin resets the counts and starts to count n requests.
func (r *run) begin(n int) {
	r.Result = Result{Latencies: make([]time.Duration, 0, n)}
	r.total = n
}

// check judges a complete answer to the request that c sent.
func (r *run) check(c *connection) {
	r.Latencies = append(r.Latencies, time.Since(c.sent))
	body := c.response.content()
	switch {
	case c.response.head.status != 200:
		r.Failed++
		r.note(fmt.Sprintf("status %d: %.120q", c.response.head.status, body))
	case !bytes.Contains(body, c.request.id()) || len(body) < r.Pad:
		r.Wrong++
		r.note(fmt.Sprintf("wanted %s, got %d bytes: %.120q", c.request.id(), len(body), body))
	default:
		r.Right++
	}
}

// fail counts a request that c sent and that will not be answered.
func (r *run) fail(why error) {
	r.Failed++
	r.note(why.Error())
}

// giveUp counts everything that is not answered or not even sent as failed.
func (r *run) giveUp(why error) {
	r.note(why.Error())
	r.Sent = r.total
}

// answered is the number of requests whose fate is known.
func (r *run) answered() int { return r.Right + r.Wrong + r.Failed }

// late tells whether the time for everything is over.
func (r *run) late(now time.Time) bool { return now.After(r.until) }
