//go:build linux

package main

import (
	"slices"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
)

// targets are those of the benchmark in containers.
func targets() []report.Target {
	ratio := func(measure, scenario, figure, ours, against string, limit float64) report.Target {
		return report.Target{Measure: measure, Point: report.Point{Scenario: scenario, Server: ours, Figure: figure},
			Against: report.Point{Scenario: scenario, Server: against, Figure: figure}, Limit: limit}
	}
	faster := func(ours string) report.Target {
		t := ratio("the seed's plan by our load generator, mean: "+ours+", times faster than a process per run in Python", loadKept, rounds.Average, skeleton, ours, 100)
		t.AtLeast = true
		return t
	}
	return []report.Target{
		faster(execed),
		faster(v2),
		{Measure: "errors of any of our rows", Point: report.Point{Scenario: everything, Server: "ours", Figure: rounds.Bad}, Never: true},
		ratio("exec ÷ bare net/http in an image alike, the seed's plan, mean", loadKept, rounds.Average, execed, bare, 1),
		ratio("exec ÷ net/http that also writes the sentinels, the seed's plan, mean", loadKept, rounds.Average, execed, logging, 1),
		ratio("exec ÷ bare net/http in an image alike, one run after the other, mean", sequential, rounds.Mean, execed, bare, 1),
		ratio("v2 ÷ the limit of a pipe and loopback, the seed's plan, mean", loadKept, rounds.Average, v2, limitPipe, 1.5),
		ratio("v1, one run after the other, p50 ÷ the limit of a pipe and loopback", sequential, rounds.P50, v1, limitPipe, 1.5),
		{Measure: "cold start of scratch: proxy and program add to the engine's own share", Point: report.Point{Scenario: coldPresent, Server: "scratch", Figure: added}, Limit: 15, Unit: " %"},
		{Measure: "cold start of python: proxy and interpreter add to the engine's own share", Point: report.Point{Scenario: coldPresent, Server: "python", Figure: added}, Limit: 40, Unit: " %"},
	}
}

// Names of the figures that are made of others.
const (
	toLimit  = "p50 ÷ its limit"
	toMedian = "Median ÷ its limit"
	toFloor  = "Average ÷ " + bare
	toEngine = "÷ the engine's"
)

// agreement is the table of both generators' means.
const agreement = "JMeter beside our load generator"

// agree holds JMeter's means against our load generator's, connections kept.
func (m *measurement) agree() {
	r := m.book.Record
	for _, server := range r.Servers(jmeterKept) {
		byJMeter := report.Point{Scenario: jmeterKept, Server: server, Figure: rounds.Average}
		byUs := report.Point{Scenario: loadKept, Server: server, Figure: rounds.Average}
		if ratios := r.Ratios(byJMeter, byUs); len(ratios) > 0 {
			p := report.Point{Scenario: agreement, Server: server}
			for _, f := range []rounds.Figure{
				rounds.Of("JMeter, mean ms", report.Median(r.Values(byJMeter))),
				rounds.Of("load generator, mean ms", report.Median(r.Values(byUs))),
				rounds.Of("ratio", report.Median(ratios)), rounds.Of("least", slices.Min(ratios)), rounds.Of("most", slices.Max(ratios)),
			} {
				p.Figure = f.Name
				r.Add(0, p, f.Value)
			}
		}
	}
}

// compare adds what is made of the other figures: the ratios to limits, and the sum of all errors of ours.
func (m *measurement) compare() {
	r := m.book.Record
	bad, seen := 0.0, false
	for _, c := range m.contenders {
		for _, scenario := range []string{sequential, loadKept, loadEach} {
			figure, name := rounds.Median, toMedian
			if scenario == sequential {
				figure, name = rounds.P50, toLimit
			}
			p := report.Point{Scenario: scenario, Server: c.name, Figure: figure}
			r.Compare(p, report.Point{Scenario: scenario, Server: c.limit, Figure: figure}, name)
		}
		for _, scenario := range []string{jmeterKept, jmeterEach} {
			p := report.Point{Scenario: scenario, Server: c.name, Figure: rounds.Average}
			r.Compare(p, report.Point{Scenario: scenario, Server: bare, Figure: rounds.Average}, toFloor)
		}
		for _, scenario := range []string{sequential, loadKept, loadEach, jmeterKept, jmeterEach} {
			for _, figure := range []string{rounds.Wrong, rounds.Failed} {
				for _, value := range r.Values(report.Point{Scenario: scenario, Server: c.name, Figure: figure}) {
					if c.ours {
						bad, seen = bad+value, true
					}
				}
			}
		}
	}
	m.agree()
	if seen {
		r.Add(0, report.Point{Scenario: everything, Server: "ours", Figure: rounds.Bad}, bad)
	}
	for _, scenario := range []string{coldPresent, coldPulled} {
		for _, image := range r.Servers(scenario) {
			r.Compare(report.Point{Scenario: scenario, Server: image, Figure: whole}, report.Point{Scenario: scenario, Server: engineAlone, Figure: whole}, toEngine)
		}
	}
}
