//go:build linux

package main

import (
	"github.com/sciabarracom/openwhisk-runtime-go/bench/load"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
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

// scenarios lists everything that is measured in a round. Counts of requests are divided by divide, for a quick look.
func scenarios(b *binaries, s *servers, divide int) []rounds.Scenario {
	times := func(n int) int { return max(n/divide, 3) }
	small := load.Load{Warm: times(1000), Requests: times(20_000)}
	hundred := load.Load{Connections: 100, Warm: times(1000), Requests: max(times(20_000), 200)}
	kilobytes := load.Load{Warm: times(200), Requests: times(5000), Pad: 10_000}
	megabyte := load.Load{Warm: times(20), Requests: times(200), Pad: 1_000_000}

	one := load.Load{Connections: 16, Warm: times(16), Requests: times(100)}
	sixteen := load.Load{Connections: 16, Warm: times(32), Requests: times(2000)}

	withPeer := func(own, peer rounds.Entrant) []rounds.Entrant {
		if b.owgo == "" {
			return []rounds.Entrant{own}
		}
		return []rounds.Entrant{own, peer}
	}
	onAll := func(l load.Load, work string) []rounds.Entrant {
		pair := withPeer(rounds.At(ours, loaded(s.ours[work], l)), rounds.At(owgo, loaded(s.owgo[work], l)))
		pair = append(pair, rounds.At(bare, loaded(s.bare[work], l)))
		if b.limit == "" {
			return pair
		}
		return append(pair, rounds.At(echo, loaded(s.echo, l)), rounds.At(pipe, loaded(s.pipe, l)))
	}

	seed := load.Load{Connections: 100, Warm: times(200), Requests: max(times(10_000), 200)}
	seeds := []rounds.Entrant{rounds.At(inProcess, loaded(s.linked, seed)), rounds.At(overlapping, loaded(s.process, seed))}
	if b.python != "" {
		seeds = append(seeds, rounds.At(skeleton, loaded(s.skeleton, seed)))
	}
	if b.limit != "" {
		seeds = append(seeds, rounds.At(echo, loaded(s.echo, seed)))
	}
	all := []rounds.Scenario{
		{Name: sequentialSmall, Entrants: append(onAll(small, "hello"), rounds.At(inProcess, loaded(s.linked, small)))},
		{Name: hundredSmall, Entrants: append(onAll(hundred, "hello"), rounds.At(lines, loaded(s.lines["hello"], hundred)), rounds.At(inProcess, loaded(s.linked, hundred)))},
		{Name: waiting, Entrants: []rounds.Entrant{rounds.At(ours, loaded(s.ours["wait"], one)), rounds.At(workers, loaded(s.workers, sixteen)), rounds.At(lines, loaded(s.lines["wait"], sixteen))}},
		{Name: firstBytes, Entrants: []rounds.Entrant{rounds.At(ours, firstByte(s.lines["stream"], `{"plain":true}`, times(5000))), rounds.At(streamed, firstByte(s.lines["stream"], `{}`, times(5000)))}},
		{Name: leaving, Entrants: []rounds.Entrant{rounds.At(streamed, left(s.lines["stream"], times(500)))}},
		{Name: seedsTest, Entrants: seeds},
		{Name: sequential10KB, Entrants: onAll(kilobytes, "echo")},
		{Name: sequential1MB, Entrants: onAll(megabyte, "echo")},
		{Name: coldStart, Entrants: append(withPeer(rounds.At(ours, coldly(s.ours["hello"], times(7))), rounds.At(owgo, coldly(s.owgo["hello"], times(7)))),
			rounds.At(inProcess, coldly(s.linked, times(7))))},
		{Name: largeUpload, Entrants: withPeer(rounds.At(ours, uploaded(s.oursLarge)), rounds.At(owgo, uploaded(s.owgoLarge)))},
		{Name: binarySize, Entrants: withPeer(rounds.At(ours, sized(b.proxy)), rounds.At(owgo, sized(b.owgo)))},
	}
	if b.ruby.launcher != "" {
		quick, slow := load.Load{Warm: times(200), Requests: times(5000)}, load.Load{Warm: times(10), Requests: times(100)}
		runs := []rounds.Entrant{rounds.At(function, loaded(s.ruby.function, quick)), rounds.At(rubyPerRun, loaded(s.ruby.process, slow))}
		if b.python != "" {
			runs = append(runs, rounds.At(skeleton, loaded(s.ruby.skeleton, slow)))
		}
		all = append(all, rounds.Scenario{Name: rubyRuns, Entrants: runs})
	}
	if b.once != "" {
		v0 := load.Load{Warm: times(50), Requests: times(500)}
		all = append(all, rounds.Scenario{Name: perRun, Entrants: []rounds.Entrant{rounds.At(ours, loaded(s.oursV0, v0)), rounds.At(fork, spawned(b, v0.Requests))}})
	}
	return all
}

func loaded(c server.Command, l load.Load) func() ([]rounds.Figure, error) {
	return func() ([]rounds.Figure, error) { return rounds.Loaded(c, l) }
}

func coldly(c server.Command, n int) func() ([]rounds.Figure, error) {
	return func() ([]rounds.Figure, error) { return rounds.Cold(c, n) }
}

func uploaded(c server.Command) func() ([]rounds.Figure, error) {
	return func() ([]rounds.Figure, error) { return measureUpload(c) }
}

func sized(path string) func() ([]rounds.Figure, error) {
	return func() ([]rounds.Figure, error) { return measureSize(path) }
}

func firstByte(c server.Command, value string, n int) func() ([]rounds.Figure, error) {
	return func() ([]rounds.Figure, error) { return measureFirstByte(c, value, n) }
}

func left(c server.Command, n int) func() ([]rounds.Figure, error) {
	return func() ([]rounds.Figure, error) { return measureCancel(c, n) }
}

func spawned(b *binaries, n int) func() ([]rounds.Figure, error) {
	return func() ([]rounds.Figure, error) { return measureSpawn(b.spawn, b.once, n) }
}
