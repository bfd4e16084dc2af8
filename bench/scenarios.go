//go:build linux

package main

import (
	"github.com/sciabarracom/openwhisk-runtime-go/bench/load"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/server"
)

// Names of the scenarios, as they head the tables.
const (
	sequentialSmall = "one connection, small bodies"
	hundredSmall    = "100 connections, small bodies"
	sequential10KB  = "one connection, 10 KB bodies"
	sequential1MB   = "one connection, 1 MB bodies"
	coldStart       = "cold start to the first answer, 2 MB ELF"
	largeUpload     = "48 MB upload"
	perRun          = "a process per run, static C"
	seedsTest       = "the seed's test, 100 connections × 100 runs"
	waiting         = "16 connections, an action that waits 50 ms"
	firstBytes      = "the first byte of an answer, one connection"
	leaving         = "a reader leaves its stream"
	rubyRuns        = "one connection, a few lines of Ruby"
	binarySize      = "binary"
)

// scenario is one thing that is measured at several servers, one after the other.
type scenario struct {
	name     string
	entrants []entrant
}

// entrant measures the scenario's figures at one server, which it starts and ends.
type entrant struct {
	server  string
	measure func() ([]figure, error)
}

// scenarios lists everything that is measured in a round. Counts of requests are divided by divide, for a quick look.
func scenarios(b *binaries, s *servers, divide int) []scenario {
	times := func(n int) int { return max(n/divide, 3) }
	small := load.Load{Warm: times(1000), Requests: times(20_000)}
	hundred := load.Load{Connections: 100, Warm: times(1000), Requests: max(times(20_000), 200)}
	kilobytes := load.Load{Warm: times(200), Requests: times(5000), Pad: 10_000}
	megabyte := load.Load{Warm: times(20), Requests: times(200), Pad: 1_000_000}

	one := load.Load{Connections: 16, Warm: times(16), Requests: times(100)}
	sixteen := load.Load{Connections: 16, Warm: times(32), Requests: times(2000)}

	withPeer := func(own, peer entrant) []entrant {
		if b.owgo == "" {
			return []entrant{own}
		}
		return []entrant{own, peer}
	}
	onAll := func(l load.Load, work string) []entrant {
		pair := withPeer(entrant{ours, loaded(s.ours[work], l)}, entrant{owgo, loaded(s.owgo[work], l)})
		return append(pair, entrant{bare, loaded(s.bare[work], l)})
	}

	seed := load.Load{Connections: 100, Warm: times(200), Requests: max(times(10_000), 200)}
	seeds := []entrant{{inProcess, loaded(s.linked, seed)}, {overlapping, loaded(s.process, seed)}}
	if b.python != "" {
		seeds = append(seeds, entrant{skeleton, loaded(s.skeleton, seed)})
	}
	all := []scenario{
		{sequentialSmall, append(onAll(small, "hello"), entrant{inProcess, loaded(s.linked, small)})},
		{hundredSmall, append(onAll(hundred, "hello"), entrant{lines, loaded(s.lines["hello"], hundred)}, entrant{inProcess, loaded(s.linked, hundred)})},
		{waiting, []entrant{{ours, loaded(s.ours["wait"], one)}, {workers, loaded(s.workers, sixteen)}, {lines, loaded(s.lines["wait"], sixteen)}}},
		{firstBytes, []entrant{{ours, firstByte(s.lines["stream"], `{"plain":true}`, times(5000))}, {streamed, firstByte(s.lines["stream"], `{}`, times(5000))}}},
		{leaving, []entrant{{streamed, left(s.lines["stream"], times(500))}}},
		{seedsTest, seeds},
		{sequential10KB, onAll(kilobytes, "echo")},
		{sequential1MB, onAll(megabyte, "echo")},
		{coldStart, append(withPeer(entrant{ours, coldly(s.ours["hello"], times(7))}, entrant{owgo, coldly(s.owgo["hello"], times(7))}),
			entrant{inProcess, coldly(s.linked, times(7))})},
		{largeUpload, withPeer(entrant{ours, uploaded(s.oursLarge)}, entrant{owgo, uploaded(s.owgoLarge)})},
		{binarySize, withPeer(entrant{ours, sized(b.proxy)}, entrant{owgo, sized(b.owgo)})},
	}
	if b.ruby.launcher != "" {
		quick, slow := load.Load{Warm: times(200), Requests: times(5000)}, load.Load{Warm: times(10), Requests: times(100)}
		runs := []entrant{{function, loaded(s.ruby.function, quick)}, {rubyPerRun, loaded(s.ruby.process, slow)}}
		if b.python != "" {
			runs = append(runs, entrant{skeleton, loaded(s.ruby.skeleton, slow)})
		}
		all = append(all, scenario{rubyRuns, runs})
	}
	if b.once != "" {
		v0 := load.Load{Warm: times(50), Requests: times(500)}
		all = append(all, scenario{perRun, []entrant{{ours, loaded(s.oursV0, v0)}, {fork, spawned(b, v0.Requests)}}})
	}
	return all
}

func loaded(c server.Command, l load.Load) func() ([]figure, error) {
	return func() ([]figure, error) { return measureLoad(c, l) }
}

func coldly(c server.Command, n int) func() ([]figure, error) {
	return func() ([]figure, error) { return measureColdStart(c, n) }
}

func uploaded(c server.Command) func() ([]figure, error) {
	return func() ([]figure, error) { return measureUpload(c) }
}

func sized(path string) func() ([]figure, error) {
	return func() ([]figure, error) { return measureSize(path) }
}

func firstByte(c server.Command, value string, n int) func() ([]figure, error) {
	return func() ([]figure, error) { return measureFirstByte(c, value, n) }
}

func left(c server.Command, n int) func() ([]figure, error) {
	return func() ([]figure, error) { return measureCancel(c, n) }
}

func spawned(b *binaries, n int) func() ([]figure, error) {
	return func() ([]figure, error) { return measureSpawn(b.spawn, b.once, n) }
}
