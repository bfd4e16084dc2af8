//go:build linux

package native

import (
	"syscall"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/stream"
)

// A Pool is several processes of the same action (v1 or ActionLoop), each of which has one run at a time. The first is
// there from the beginning. Another is started when a run waits and none is free, until there are as many as there may
// be. One that dies fails its own run alone, and is started anew for the next, at most once in a second.
type Pool struct {
	alone
	program *Program
	options *LoopOptions
	host    *Host
	workers []*worker
	starts  bool // one does
	rings   bool // a timer is set, for the next start
	failed  bool // a start did, and no worker lives: the next run has the error
	stopped bool
}

// A worker is a place for a process.
type worker struct {
	pool  *Pool
	loop  *Loop        // nil before the first start, and where that failed
	again clock.Moment // when it may be started next
	logs  *Logs        // where its lines are kept for its run
	run   *Run
	owner Owner  // of the run
	lent  []byte // the answer of a run, until Settle
}

// between is how long it takes at least from one start of a worker to its next.
const between = clock.Second

// newPool returns a pool with its first worker.
func newPool(p *Program, o *LoopOptions, host *Host) (Action, error) {
	pool := &Pool{program: p, options: o, host: host}
	w := pool.add()
	first, err := startLoop(p, o, host, host.Logs, w.logs)
	if err != nil {
		return nil, err
	}
	w.loop = first.(*Loop)
	return pool, nil
}

//go:noinline
func (p *Pool) add() *worker {
	w := &worker{pool: p, logs: &Logs{records: &records{block: &Block{}}}}
	p.workers = append(p.workers, w)
	return w
}

//go:noinline
func (w *worker) isDead() bool { return w.loop == nil || w.loop.dead != "" }

// free returns a worker that takes a run, nil for none.
//
//go:noinline
func (p *Pool) free() *worker {
	for _, w := range p.workers {
		if !w.isDead() && w.run == nil && w.loop.Takes() {
			return w
		}
	}
	return nil
}

// Takes implements Action. It is asked when a run waits: where no worker is free, one is started.
func (p *Pool) Takes() bool {
	if p.failed || p.free() != nil {
		return true
	}
	p.grow()
	return false
}

// grow starts a worker, if one may be started now, and has the loop look again later.
func (p *Pool) grow() {
	if p.starts {
		return
	}
	for _, w := range p.workers {
		if w.isDead() && w.again.Left() == 0 {
			p.start(w)
			return
		}
	}
	switch {
	case len(p.workers) < p.options.Workers:
		p.start(p.add())
	case !p.rings:
		p.rings = true
		p.host.Loop.After(between, func() { p.rings = false })
	}
}

// start starts a process beside the loop.
func (p *Pool) start(w *worker) {
	p.starts, w.again = true, clock.In(between)
	go func() {
		l, err := startLoop(p.program, p.options, p.host, w.logs, w.logs)
		p.host.Loop.Post(func() {
			p.starts = false
			switch {
			case err != nil:
				p.refuse(err)
			case p.stopped:
				go l.Stop(Patience{})
			default:
				w.loop = l.(*Loop)
			}
		})
	}()
}

// refuse has the next run fail after a start that did, unless others live, for whom that waits.
func (p *Pool) refuse(err error) {
	p.host.Logs.Line(Stderr, "a worker did not start: "+err.Error())
	p.failed = true
	for _, w := range p.workers {
		p.failed = p.failed && w.isDead()
	}
}

// Start implements Action.
func (p *Pool) Start(r *Run) {
	if p.failed {
		p.failed = false
		r.Done(nil, &StartError{Reason: "no worker is left"})
		return
	}
	w := p.free()
	w.run, r.Log = r, p.host.Logs.newBlock(r)
	earlier := w.logs.records.block.lines // since its last run
	w.logs.records.block = r.Log
	w.logs.Write(Stdout, earlier)
	w.owner, r.Owner = r.Owner, w
	w.loop.Start(r)
}

// Done implements Owner: the worker's log is the log of its run.
func (w *worker) Done(b []byte, err error) {
	r := w.run
	w.run, r.Owner = nil, w.owner
	w.logs.Sentinels()
	w.logs.records.block = &Block{}
	w.lent = b
	if r.Done(b, err); err != nil {
		w.lent = nil
	}
}

// Begin implements Owner. Only version 2 has streams.
func (w *worker) Begin(stream.Header) {}

// Piece implements Owner.
func (w *worker) Piece([]byte, bool) {}

// Settle implements Action.
func (p *Pool) Settle(b []byte, free bool) {
	for _, w := range p.workers {
		if len(w.lent) > 0 && &w.lent[0] == &b[0] {
			w.lent = nil
			w.loop.Settle(b, free)
			return
		}
	}
}

// Signal implements Action.
func (p *Pool) Signal(s syscall.Signal) {
	p.host.Loop.Post(func() {
		for _, w := range p.workers {
			if w.loop != nil {
				w.loop.Signal(s)
			}
		}
	})
}

// Stop implements Action.
func (p *Pool) Stop(patience Patience) {
	var all []*worker
	p.host.Loop.Do(func() {
		p.stopped = true
		all = p.workers
	})
	done := make(chan struct{})
	for _, w := range all {
		go func() {
			if w.loop != nil {
				w.loop.Stop(patience)
			}
			done <- struct{}{}
		}()
	}
	for range all {
		<-done
	}
}
