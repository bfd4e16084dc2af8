//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/engine"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/load"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/server"
)

// Names of the scenarios of cold starts.
const (
	coldPresent = "cold start, image present"
	coldPulled  = "cold start, image pulled from a registry on this machine"
	warmPool    = "warm pool: from /init to the first answer"
)

// Names of the figures of a cold start: the shares, and all of it.
const (
	pullShare   = "pull ms"
	engineShare = "engine ms"
	proxyShare  = "proxy ms"
	initShare   = "/init ms"
	runShare    = "first run ms"
	whole       = "to the first answer ms"
	added       = "added to the engine %"
	pulledOf    = "layers pulled"
	presentOf   = "layers there"
)

// engineAlone is the row of the engine's own share: a program in C that listens and answers at once.
const engineAlone = "limit: the engine, with a program in C"

// starter is an image that is started cold.
type starter struct {
	image string
	spec  engine.Spec
}

// starters returns the shipped images, each with the action that it is for, after the engine's own row.
func (m *measurement) starters() ([]starter, error) {
	bodies := map[string]func() ([]byte, error){
		"scratch": func() ([]byte, error) { return server.Upload(m.program("v1"), 0) },
		"go":      func() ([]byte, error) { return server.Upload(m.program("exec"), 0) },
		"hello": func() ([]byte, error) {
			return []byte(`{"value":{"name":"bench","main":"main","binary":false,"code":""}}`), nil
		},
		"alpine": func() ([]byte, error) { return server.Source(m.path("bench/actions/sh/loop.sh")) },
		"bash":   func() ([]byte, error) { return server.Source(m.path("bench/actions/bash/function.sh")) },
		"ruby":   func() ([]byte, error) { return server.Source(m.path("bench/actions/ruby/function.rb")) },
		"python": func() ([]byte, error) { return server.Source(m.path("bench/actions/python/function.py")) },
	}
	var all []starter
	if m.absent["limit"] == nil {
		all = append(all, starter{engineAlone, engine.Spec{Image: m.ref("limit"), Entrypoint: []string{"/action/exec", "8080", "echo"}}})
	}
	var failures []error
	for _, image := range images {
		if m.absent[image] == nil {
			body, err := bodies[image]()
			failures = append(failures, err)
			all = append(all, starter{image, engine.Spec{Image: m.ref(image), Init: body}})
		}
	}
	return all, errors.Join(failures...)
}

// coldStarts returns what is measured while nothing else runs.
func (m *measurement) coldStarts(ctx context.Context) []rounds.Scenario {
	all, err := m.starters()
	if err != nil {
		m.book.Fail(report.Point{Scenario: coldPresent, Server: "all"}, err)
		return nil
	}
	scenarios := []rounds.Scenario{{Name: coldPulled}, {Name: coldPresent}, {Name: warmPool}}
	add := func(i int, s starter, measure func() ([]rounds.Figure, error)) {
		scenarios[i].Entrants = append(scenarios[i].Entrants, rounds.At(s.image, measure))
	}
	starts := m.divided(3)
	for _, s := range all {
		add(0, s, func() ([]rounds.Figure, error) { return m.pulled(ctx, s) })
		add(1, s, func() ([]rounds.Figure, error) {
			if _, _, err := m.engine.Pull(ctx, s.spec.Image); err != nil {
				return nil, err
			}
			return medians(starts, func() ([]rounds.Figure, error) { return m.start(ctx, s, time.Now()) })
		})
		if s.spec.Init != nil {
			add(2, s, func() ([]rounds.Figure, error) {
				return medians(starts, func() ([]rounds.Figure, error) { return m.pooled(ctx, s) })
			})
		}
	}
	return scenarios
}

// pulled takes all images of the benchmark out of the engine, and starts one.
func (m *measurement) pulled(ctx context.Context, s starter) ([]rounds.Figure, error) {
	m.clean()
	began := time.Now()
	layers, present, err := m.engine.Pull(ctx, s.spec.Image)
	if err != nil {
		return nil, err
	}
	pull := rounds.Of(pullShare, rounds.Milliseconds(time.Since(began)))
	figures, err := m.start(ctx, s, began)
	return append(append([]rounds.Figure{pull}, figures...), rounds.Of(pulledOf, float64(layers)), rounds.Of(presentOf, float64(present))), err
}

// start starts a container, and measures the shares until its first answer is there, and all of it since it began.
func (m *measurement) start(ctx context.Context, s starter, began time.Time) ([]rounds.Figure, error) {
	c, err := m.engine.Start(ctx, s.spec)
	if err != nil {
		return nil, err
	}
	defer c.Remove()
	took, err := firstRun(c)
	if err != nil {
		return nil, err
	}
	return []rounds.Figure{rounds.Of(engineShare, rounds.Milliseconds(c.Engine)), rounds.Of(proxyShare, rounds.Milliseconds(c.Server)),
		rounds.Of(initShare, rounds.Milliseconds(c.Init)), rounds.Of(runShare, rounds.Milliseconds(took)),
		rounds.Of(whole, rounds.Milliseconds(time.Since(began))),
		rounds.Of(added, 100*float64(c.Server+c.Init+took)/float64(c.Engine))}, nil
}

// pooled measures /init and the first run of a container that has been started before.
func (m *measurement) pooled(ctx context.Context, s starter) ([]rounds.Figure, error) {
	c, err := m.engine.Run(ctx, s.spec)
	if err != nil {
		return nil, err
	}
	defer c.Remove()
	if err := c.Initialize(s.spec.Init); err != nil {
		return nil, err
	}
	took, err := firstRun(c)
	return []rounds.Figure{rounds.Of(initShare, rounds.Milliseconds(c.Init)), rounds.Of(runShare, rounds.Milliseconds(took)),
		rounds.Of(whole, rounds.Milliseconds(c.Init+took))}, err
}

// firstRun sends a run and checks its answer.
func firstRun(c *engine.Container) (time.Duration, error) {
	began := time.Now()
	answer, err := load.Post(c.Address, "/run", []byte(`{"value":{"name":"u00000001"}}`), 30*time.Second)
	took := time.Since(began)
	if err == nil && (answer.Status != 200 || !bytes.Contains(answer.Body, []byte("u00000001"))) {
		err = fmt.Errorf("the first run answered %d: %.200s", answer.Status, answer.Body)
	}
	return took, err
}

// medians measures n times, and returns the median of each figure.
func medians(n int, measure func() ([]rounds.Figure, error)) ([]rounds.Figure, error) {
	var names []string
	values := map[string][]float64{}
	for range n {
		figures, err := measure()
		if err != nil {
			return nil, err
		}
		for _, f := range figures {
			if values[f.Name] == nil {
				names = append(names, f.Name)
			}
			values[f.Name] = append(values[f.Name], f.Value)
		}
	}
	var all []rounds.Figure
	for _, name := range names {
		all = append(all, rounds.Of(name, report.Median(values[name])))
	}
	return all, nil
}
