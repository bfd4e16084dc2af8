//go:build linux

package main

import "github.com/sciabarracom/openwhisk-runtime-go/bench/report"

// targets are what the proxy must reach.
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
	throughput := ratio("100 connections, runs per second ÷ "+bare, hundredSmall, rate, bare, 0.85)
	throughput.AtLeast = true
	process := ratio("v0 run of a static C program, p50 ÷ "+fork, perRun, p50, fork, 1.15)
	faster := func(measure, against string, times float64) report.Target {
		return report.Target{Measure: measure, Point: at(seedsTest, inProcess, rate), Against: at(seedsTest, against, rate), Limit: times, AtLeast: true}
	}
	library := func(measure, scenario, figure, against string, limit float64) report.Target {
		return report.Target{Measure: measure, Point: at(scenario, inProcess, figure), Against: at(scenario, against, figure), Limit: limit}
	}
	return []report.Target{
		megabytes("stripped static binary", binarySize, size, 2.0),
		ratio("sequential small run, p50 ÷ "+owgo, sequentialSmall, p50, owgo, 0.40),
		ratio("sequential small run, p99 ÷ "+owgo, sequentialSmall, p99, owgo, 0.45),
		ratio("sequential small run, p50 ÷ "+bare, sequentialSmall, p50, bare, 0.80),
		{Measure: "100 connections, wrong or failed answers", Point: at(hundredSmall, ours, bad), Never: true},
		throughput,
		ratio("100 connections, p99 ÷ "+bare, hundredSmall, p99, bare, 0.6),
		ratio("sequential 10 KB run, p50 ÷ "+owgo, sequential10KB, p50, owgo, 0.15),
		ratio("sequential 1 MB run, p50 ÷ "+owgo, sequential1MB, p50, owgo, 0.15),
		ratio("cold start to the first answer, 2 MB ELF ÷ "+owgo, coldStart, first, owgo, 0.30),
		megabytes("resident memory after sequential load", sequentialSmall, resident, 4.5),
		megabytes("resident memory after 100 connections", hundredSmall, resident, 9),
		process,
		megabytes("48 MB upload, peak memory", largeUpload, peak, 12),
		library("library: sequential small run, p50 ÷ "+bare, sequentialSmall, p50, bare, 0.60),
		faster("library: the seed's test, times faster than overlapping processes", overlapping, 40),
		faster("library: the seed's test, times faster than dockerskeleton's way", skeleton, 100),
		{Measure: "Ruby function: sequential run, times faster than dockerskeleton's way", Point: at(rubyRuns, skeleton, p50), Against: at(rubyRuns, function, p50), Limit: 20, AtLeast: true},
		library("library: cold start to the first answer ÷ "+owgo, coldStart, first, owgo, 0.28),
	}
}
