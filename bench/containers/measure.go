//go:build linux

package main

import (
	"context"
	"fmt"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/jmeter"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/load"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
)

// Names of the scenarios, as they head the tables.
const (
	jmeterKept = "JMeter, connections kept"
	jmeterEach = "JMeter, a connection for each request"
	loadKept   = "load generator, connections kept"
	loadEach   = "load generator, a connection for each request"
	sequential = "one connection, one run after the other"
	everything = "all rows of ours together"
)

// The seed's plan.
const threads, loops = 100, 100

// measurement is a benchmark under way.
type measurement struct {
	options
	*workshop
	book       *rounds.Book
	contenders []contender
	busy       string // the load of the machine when it began
}

// running is a contender in its container.
type running struct {
	contender
	*engine.Container
}

// divided returns a count of requests for this run: a tenth of it for a quick one.
func (m *measurement) divided(n int) int {
	if m.quick {
		return max(n/10, 1)
	}
	return n
}

// round measures everything once: first cold starts, for which nothing else runs, then all contenders, each of which
// has a fresh container for the round.
func (m *measurement) round(ctx context.Context, round int) {
	m.book.Round(ctx, round, m.wanted(m.coldStarts(ctx)))
	if err := m.assemble(ctx); err != nil {
		m.book.Fail(report.Point{Scenario: "contenders", Server: "all"}, err)
		return
	}
	var all []running
	defer func() {
		for _, r := range all {
			r.Remove()
		}
	}()
	for _, c := range m.contenders {
		started, err := m.engine.Start(ctx, c.spec)
		if err != nil {
			m.book.Fail(report.Point{Scenario: "start", Server: c.name}, err)
			continue
		}
		all = append(all, running{c, started})
	}
	m.book.Round(ctx, round, m.wanted(m.loads(ctx, all)))
}

// assemble brings the images that the contenders need into the engine, from which cold starts take them, and finds the
// contenders.
func (m *measurement) assemble(ctx context.Context) (err error) {
	for _, image := range append(images, baked...) {
		if m.absent[image] == nil {
			_, _, err := m.engine.Pull(ctx, m.ref(image))
			m.lack(image, err)
		}
	}
	if m.contenders == nil {
		m.contenders, err = m.workshop.contenders(ctx, m.peers)
	}
	return err
}

func (m *measurement) wanted(all []rounds.Scenario) []rounds.Scenario {
	var wanted []rounds.Scenario
	for _, s := range all {
		if m.only.MatchString(s.Name) && len(s.Entrants) > 0 {
			wanted = append(wanted, s)
		}
	}
	return wanted
}

// loads returns what is measured with containers that run.
func (m *measurement) loads(ctx context.Context, all []running) []rounds.Scenario {
	scenarios := []rounds.Scenario{{Name: sequential}, {Name: loadKept}, {Name: loadEach}, {Name: jmeterKept}, {Name: jmeterEach}}
	add := func(i int, r running, measure func() ([]rounds.Figure, error)) {
		scenarios[i].Entrants = append(scenarios[i].Entrants, rounds.At(r.name, measure))
	}
	for _, r := range all {
		one := load.Load{Warm: m.divided(500), Requests: m.divided(4000), Limit: 2 * time.Minute}
		seed := load.Load{Connections: threads, Warm: 2 * threads, Requests: threads * m.divided(loops), Limit: 3 * time.Minute, Patience: time.Minute}
		each := seed
		each.Each = true
		if r.slow {
			one.Warm, one.Requests = m.divided(50), m.divided(400)
			each.Requests = threads * m.divided(loops/4)
			if !r.seeded { // the seed's own row has all of its requests
				seed.Requests = each.Requests
			}
		}
		add(0, r, func() ([]rounds.Figure, error) { return m.load(ctx, r, one, rounds.Latencies) })
		add(1, r, func() ([]rounds.Figure, error) { return m.load(ctx, r, seed, rounds.Seed) })
		add(2, r, func() ([]rounds.Figure, error) { return m.load(ctx, r, each, rounds.Seed) })
		if m.jmeter == nil || !r.seeded || m.quick && r.name != bare && r.name != execed && r.name != skeleton {
			continue
		}
		plan := jmeter.Plan{Address: r.Address, Threads: threads, Loops: m.divided(loops), Warm: m.divided(30)}
		once := plan
		once.Each = true
		if r.slow {
			plan.Warm, once.Warm, once.Loops = 1, 1, m.divided(loops/4)
		}
		add(3, r, func() ([]rounds.Figure, error) { return m.jmeters(ctx, r, plan) })
		if !m.quick && r.name != v1 && r.name != python {
			add(4, r, func() ([]rounds.Figure, error) { return m.jmeters(ctx, r, once) })
		}
	}
	return scenarios
}

// load sends a load to a contender, and weighs its container.
func (m *measurement) load(ctx context.Context, r running, l load.Load, times func(*load.Result) []rounds.Figure) ([]rounds.Figure, error) {
	l.Address = r.Address
	return m.weigh(ctx, r, l.Warm+l.Requests, times, func() (*load.Result, error) { return l.Run() })
}

func (m *measurement) jmeters(ctx context.Context, r running, p jmeter.Plan) ([]rounds.Figure, error) {
	return m.weigh(ctx, r, p.Threads*(p.Warm+p.Loops), rounds.Seed, func() (*load.Result, error) { return m.jmeter.Run(ctx, p) })
}

// weigh measures the processor time of a load's runs, those before the counted ones too, and the memory after it.
func (m *measurement) weigh(ctx context.Context, r running, runs int, times func(*load.Result) []rounds.Figure, send func() (*load.Result, error)) ([]rounds.Figure, error) {
	before, err := r.Usage(ctx)
	if err != nil {
		return nil, err
	}
	result, err := send()
	if err != nil {
		return nil, err
	}
	if result.Bad() > 0 {
		m.say(fmt.Sprintf("  %s: %d wrong, %d failed: %s", r.name, result.Wrong, result.Failed, result.FirstBad))
	}
	after, err := r.Usage(ctx)
	if err != nil {
		return nil, err
	}
	figures := append(times(result), rounds.Answers(result)...)
	return append(figures, rounds.Of(rounds.Processor, rounds.Microseconds(after.Processor-before.Processor)/float64(runs)),
		rounds.Of(rounds.Memory, rounds.Megabytes(after.Memory))), nil
}
