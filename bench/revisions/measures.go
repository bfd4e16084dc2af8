//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/compile"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/load"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/server"
)

// The sides of the comparison, in the record.
const (
	sideA     = "A"
	sideAgain = "A'"
	sideB     = "B"
)

// measure is a figure of a scenario that is judged.
type measure struct {
	scenario, figure string
	more             bool // is better
}

// actions are the programs that the proxy is given, the same for both sides.
type actions struct{ v0, v1 string }

func compileActions(ctx context.Context, root, dir string) (actions, error) {
	a := actions{v0: filepath.Join(dir, "v0"), v1: filepath.Join(dir, "v1")}
	if err := compile.Go(ctx, root, a.v0, "./bench/actions/process", ""); err != nil {
		return a, err
	}
	return a, compile.Go(ctx, root, a.v1, "./bench/actions/loop", " -X main.work=hello")
}

// side is a side of the comparison. It has a fresh copy of its revision in each round.
type side struct {
	name         string
	made, copied *revision
}

// comparison has what is measured: scenarios with an entrant for each side, and their measures.
type comparison struct {
	sides     []side
	scenarios []rounds.Scenario
	measures  []measure
}

// compare returns what is measured of two revisions, whose copies are in dir. Counts of requests are divided by divide, for
// a quick look.
func compare(ctx context.Context, dir string, a actions, base, next *revision, divide int) (*comparison, error) {
	c := &comparison{sides: []side{
		{sideA, base, base.in(filepath.Join(dir, "A"))},
		{sideAgain, base, base.in(filepath.Join(dir, "again"))},
		{sideB, next, next.in(filepath.Join(dir, "B"))},
	}}
	if err := c.refresh(); err != nil {
		return nil, err
	}
	var failures []error
	// started returns the command that starts a side's proxy with a program as its action.
	started := func(r *revision, action string, variables ...string) server.Command {
		if action == "" {
			action = r.exec()
		}
		upload, err := server.Upload(action, 0)
		failures = append(failures, err)
		return server.Command{Path: r.proxy(), Env: append([]string{"OW_PORT={port}", "OW_ACTION_DIR={dir}"}, variables...), Init: upload}
	}
	one, many, slow := load.Load{Requests: 6000}, load.Load{Connections: 100, Requests: 12_000}, load.Load{Requests: 300}
	for _, s := range []struct {
		scenario  string
		load      load.Load
		action    string // "" for the program with the library
		variables []string
	}{
		{"v1, one connection", one, a.v1, nil},
		{"v1, 100 connections", many, a.v1, nil},
		{"exec, one connection", one, "", nil},
		{"exec, 100 connections", many, "", nil},
		{"v0, one connection", slow, a.v0, []string{"OW_PROTOCOL=v0"}},
	} {
		s.load.Requests /= divide
		s.load.Warm = max(s.load.Requests/10, s.load.Connections)
		speed := rounds.P50
		if s.load.Connections > 1 {
			speed = rounds.Rate
		}
		c.add(s.scenario, func(r *revision) func() ([]rounds.Figure, error) {
			command := started(r, s.action, s.variables...)
			return func() ([]rounds.Figure, error) { return loaded(command, s.load) }
		}, speed, rounds.Processor, rounds.Resident)
	}
	for _, s := range []struct{ name, action string }{{"cold start, v1", a.v1}, {"cold start, exec", ""}} {
		c.add(s.name, func(r *revision) func() ([]rounds.Figure, error) {
			command := started(r, s.action)
			return func() ([]rounds.Figure, error) { return rounds.Cold(command, max(9/divide, 1)) }
		}, rounds.First)
	}
	for _, image := range images {
		c.add("mkimage build "+image+", warm", func(r *revision) func() ([]rounds.Figure, error) {
			return func() ([]rounds.Figure, error) { return costOf(r.image(ctx, image)) }
		}, rounds.Elapsed, rounds.Used, rounds.Memory)
	}
	return c, errors.Join(failures...)
}

// add adds a scenario that is measured at all sides, and its figures that are judged.
func (c *comparison) add(scenario string, of func(*revision) func() ([]rounds.Figure, error), figures ...string) {
	s := rounds.Scenario{Name: scenario}
	for _, side := range c.sides {
		s.Entrants = append(s.Entrants, rounds.At(side.name, of(side.copied)))
	}
	c.scenarios = append(c.scenarios, s)
	for _, figure := range figures {
		c.measures = append(c.measures, measure{scenario, figure, figure == rounds.Rate})
	}
}

// loaded measures a server under load. A wrong answer is an error, for nothing may be measured by it.
func loaded(c server.Command, l load.Load) ([]rounds.Figure, error) {
	figures, err := rounds.Loaded(c, l)
	for _, f := range figures {
		if f.Name == rounds.Bad && f.Value > 0 {
			return nil, fmt.Errorf("%.0f of %d answers were wrong or failed", f.Value, l.Requests)
		}
	}
	return figures, err
}

// round measures everything once, with fresh copies, and with the sides in another order each time.
func (c *comparison) round(ctx context.Context, book *rounds.Book, round int) error {
	if err := c.refresh(); err != nil {
		return err
	}
	all := slices.Clone(c.scenarios)
	for i, s := range all {
		all[i].Entrants = ordered(s.Entrants, round)
	}
	book.Round(ctx, round, all)
	return ctx.Err()
}

// refresh makes a fresh copy for each side. Where its files lie in memory makes a program some percent faster or slower in
// all of its runs; with another copy in each round it does so by chance.
func (c *comparison) refresh() error {
	for _, side := range c.sides {
		if err := os.RemoveAll(side.copied.dir); err != nil {
			return err
		}
		if err := os.CopyFS(side.copied.dir, os.DirFS(side.made.dir)); err != nil {
			return err
		}
	}
	return nil
}

// ordered returns three entrants in one of their six orders.
func ordered(e []rounds.Entrant, round int) []rounds.Entrant {
	n := round % len(e)
	turned := slices.Concat(e[n:], e[:n])
	if round/len(e)%2 == 1 {
		slices.Reverse(turned)
	}
	return turned
}
