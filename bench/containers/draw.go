//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/picture"
)

// draw writes the pictures, whose names begin with that of the page.
func (r results) draw(name string) error {
	for suffix, chart := range map[string]picture.Chart{"-seed.svg": r.seedChart(), "-cold.svg": r.coldChart()} {
		var text bytes.Buffer
		if err := chart.Write(&text); err != nil {
			return err
		}
		if err := os.WriteFile(name+suffix, text.Bytes(), 0o644); err != nil {
			return fmt.Errorf("write a picture: %w", err)
		}
	}
	return nil
}

// value returns the median of a figure over the rounds.
func (r results) value(scenario, server, figure string) (float64, bool) {
	values := r.book.Record.Values(report.Point{Scenario: scenario, Server: server, Figure: figure})
	return report.Median(values), len(values) > 0
}

// nanoseconds returns milliseconds as a value of a chart.
func nanoseconds(milliseconds float64) int64 { return int64(milliseconds * 1e6) }

func duration(value int64) string {
	d := time.Duration(value)
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.3g s", d.Seconds())
	case d >= time.Millisecond:
		return fmt.Sprintf("%.3g ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%.3g µs", float64(d)/1e3)
}

func (r results) seedChart() picture.Chart {
	c := picture.Chart{Title: "The seed's plan: mean time of a run, 100 connections at a time", Format: duration,
		Notes: [2]string{"by our load generator, connections kept; log scale", "filled: ours; striped: limits, others, and the seed's own figures by JMeter"}}
	for _, server := range r.book.Record.Servers(loadKept) {
		mean, ok := r.value(loadKept, server, rounds.Average)
		if ok {
			c.Bars = append(c.Bars, picture.Bar{Name: server, Value: nanoseconds(mean), Other: !r.isOurs(server)})
		}
	}
	c.Bars = append(c.Bars, picture.Bar{Name: "the seed's GoServer (2018, by JMeter)", Value: nanoseconds(2), Other: true},
		picture.Bar{Name: "the seed's Python+System (2018, by JMeter)", Value: nanoseconds(673), Other: true})
	return c
}

func (r results) isOurs(name string) bool {
	for _, c := range r.contenders {
		if c.name == name {
			return c.ours
		}
	}
	return false
}

func (r results) coldChart() picture.Chart {
	c := picture.Chart{Title: "Cold start in a container: to the first answer", Format: duration,
		Notes: [2]string{"image present", "from dark to light: engine, proxy, /init, first run"}}
	for _, image := range r.book.Record.Servers(coldPresent) {
		bar := picture.Bar{Name: image, Other: image == engineAlone}
		for _, share := range []string{engineShare, proxyShare, initShare, runShare} {
			value, _ := r.value(coldPresent, image, share)
			bar.Parts = append(bar.Parts, nanoseconds(value))
			bar.Value += nanoseconds(value)
		}
		c.Bars = append(c.Bars, bar)
	}
	return c
}
