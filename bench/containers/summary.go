//go:build linux

package main

import (
	"bytes"
	"fmt"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
)

// summary returns the seed's two tables beside ours, for the README.
func (r results) summary() []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "100 threads × 100 requests, times in milliseconds. The first two rows are the seed's, measured with JMeter in 2018 on OS X; the others are "+
		"of %s (%s), through containers with OpenWhisk's limits.\n\n", r.began.UTC().Format("2006-01-02"), rounds.Machine())
	b.WriteString("| server | by | average | median | 90% | 95% | 99% | max |\n|---|---|---|---|---|---|---|---|\n")
	b.WriteString("| Python+System (dockerskeleton) | JMeter, 2018 | 673 | 686 | 766 | 797 | 853 | 1180 |\n| GoServer | JMeter, 2018 | 2 | 2 | 3 | 6 | 15 | 78 |\n")
	for _, by := range []struct{ scenario, name string }{{jmeterKept, "JMeter"}, {loadKept, "our load generator"}} {
		for _, server := range []string{skeleton, execed, v2, v1, python, bare, logging} {
			if _, ok := r.value(by.scenario, server, rounds.Average); !ok {
				continue
			}
			fmt.Fprintf(&b, "| %s | %s |", server, by.name)
			for _, figure := range []string{rounds.Average, rounds.Median, rounds.Line90, rounds.Line95, rounds.Line99, rounds.Most} {
				value, _ := r.value(by.scenario, server, figure)
				fmt.Fprintf(&b, " %s |", report.Number(value))
			}
			b.WriteString("\n")
		}
	}
	b.WriteString("\n| image | docker size |\n|---|---|\n| openwhisk/python3action, 2018 | 289 MB |\n| openwhisk/dockerskeleton, 2018 | 109 MB |\n" +
		"| sciabarracom/openwhisk-hello, 2018 | 16.7 MB |\n| sciabarracom/openwhisk-exec, 2018 | 10.4 MB |\n")
	for _, image := range r.book.Record.Servers(imageSizes) {
		value, _ := r.value(imageSizes, image, "docker MB")
		fmt.Fprintf(&b, "| %s | %s MB |\n", image, report.Number(value))
	}
	return b.Bytes()
}
