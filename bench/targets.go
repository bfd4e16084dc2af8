//go:build linux

package main

import (
	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
)

// targets are the targets of the proxy. Those that no design can reach on every machine are there once more, against the
// limit of the same run.
func targets() []report.Target {
	at := func(scenario, server, figure string) report.Point {
		return report.Point{Scenario: scenario, Server: server, Figure: figure}
	}
	// ratio of ours to another server's
	ratio := func(measure, scenario, figure, against string, limit float64) report.Target {
		return report.Target{Measure: measure, Point: at(scenario, ours, figure), Against: at(scenario, against, figure), Limit: limit}
	}
	megabytes := func(measure, scenario, figure string, limit float64) report.Target {
		return report.Target{Measure: measure, Point: at(scenario, ours, figure), Limit: limit, Unit: " MB"}
	}
	throughput := ratio("100 connections, runs per second ÷ "+bare, hundredSmall, rounds.Rate, bare, 1.0)
	throughput.AtLeast = true
	process := ratio("v0 run of a static C program, p50 ÷ "+fork, perRun, rounds.P50, fork, 1.15)
	faster := func(measure, against string, times float64) report.Target {
		return report.Target{Measure: measure, Point: at(seedsTest, inProcess, rounds.Rate), Against: at(seedsTest, against, rounds.Rate), Limit: times, AtLeast: true}
	}
	library := func(measure, scenario, figure, against string, limit float64) report.Target {
		return report.Target{Measure: measure, Point: at(scenario, inProcess, figure), Against: at(scenario, against, figure), Limit: limit}
	}
	// overlap is of a server whose runs overlap.
	overlap := func(measure, scenario, server, against string, times float64) report.Target {
		return report.Target{Measure: measure, Point: at(scenario, server, rounds.Rate), Against: at(scenario, against, rounds.Rate), Limit: times, AtLeast: true}
	}
	return []report.Target{
		megabytes("stripped static binary", binarySize, size, 2.0),
		ratio("sequential small run, p50 ÷ "+owgo, sequentialSmall, rounds.P50, owgo, 0.40),
		ratio("sequential small run, p99 ÷ "+owgo, sequentialSmall, rounds.P99, owgo, 0.45),
		ratio("sequential small run, p50 ÷ "+bare, sequentialSmall, rounds.P50, bare, 0.80),
		{Measure: "100 connections, wrong or failed answers", Point: at(hundredSmall, ours, rounds.Bad), Never: true},
		throughput,
		ratio("100 connections, p99 ÷ "+bare, hundredSmall, rounds.P99, bare, 0.5),
		ratio("sequential 10 KB run, p50 ÷ "+owgo, sequential10KB, rounds.P50, owgo, 0.26),
		ratio("sequential 1 MB run, p50 ÷ "+owgo, sequential1MB, rounds.P50, owgo, 0.15),
		ratio("cold start to the first answer, 2 MB ELF ÷ "+owgo, coldStart, rounds.First, owgo, 0.33),
		megabytes("resident memory after sequential load", sequentialSmall, rounds.Resident, 4.5),
		megabytes("resident memory after 100 connections", hundredSmall, rounds.Resident, 9),
		overlap("version 2, 16 runs at a time: 100 connections, runs per second ÷ "+bare, hundredSmall, lines, bare, 1.7),
		{Measure: "version 2: 100 connections, wrong or failed answers", Point: at(hundredSmall, lines, rounds.Bad), Never: true},
		{Measure: "version 2: resident memory after 100 connections", Point: at(hundredSmall, lines, rounds.Resident), Limit: 9, Unit: " MB"},
		overlap("an action that waits 50 ms: 16 workers, times faster than one", waiting, workers, ours, 15),
		overlap("an action that waits 50 ms: version 2, times faster than one run at a time", waiting, lines, ours, 15),
		{Measure: "an action that waits 50 ms: 16 workers, wrong or failed answers", Point: at(waiting, workers, rounds.Bad), Never: true},
		{Measure: "an action that waits 50 ms: version 2, wrong or failed answers", Point: at(waiting, lines, rounds.Bad), Never: true},
		{Measure: "first byte of a stream, p50 ÷ a plain run", Point: at(firstBytes, streamed, rounds.P50), Against: at(firstBytes, ours, rounds.P50), Limit: 2},
		{Measure: "the action learns that its reader has left", Point: at(leaving, streamed, slowest), Limit: 500, Unit: " ms"},
		process,
		megabytes("48 MB upload, peak memory", largeUpload, rounds.Peak, 12),
		library("library: sequential small run, p50 ÷ "+bare, sequentialSmall, rounds.P50, bare, 0.60),
		faster("library: the seed's test, times faster than overlapping processes", overlapping, 40),
		faster("library: the seed's test, times faster than dockerskeleton's way", skeleton, 100),
		{Measure: "Ruby function: sequential run, times faster than dockerskeleton's way", Point: at(rubyRuns, skeleton, rounds.P50), Against: at(rubyRuns, function, rounds.P50), Limit: 20, AtLeast: true},
		library("library: cold start to the first answer ÷ "+owgo, coldStart, rounds.First, owgo, 0.28),
		ratio("restated: sequential small run, p50 ÷ "+pipe, sequentialSmall, rounds.P50, pipe, 1.5),
		ratio("restated: sequential small run, p99 ÷ "+pipe, sequentialSmall, rounds.P99, pipe, 1.5),
		overlap("restated: 100 connections, runs per second ÷ "+pipe, hundredSmall, ours, pipe, 0.67),
		ratio("restated: sequential 1 MB run, p50 ÷ "+pipe, sequential1MB, rounds.P50, pipe, 1.5),
		overlap("restated: version 2, 16 runs at a time: 100 connections, runs per second ÷ "+pipe, hundredSmall, lines, pipe, 0.67),
		overlap("restated: library: the seed's test, runs per second ÷ "+echo, seedsTest, inProcess, echo, 0.67),
	}
}
