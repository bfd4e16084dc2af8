//go:build linux

package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
)

// imageSizes is the table of the images' sizes.
const imageSizes = "sizes of images"

// conclude weighs the images, while the engine has them, and compares.
func (m *measurement) conclude(ctx context.Context) {
	weigh := func(name, image string) {
		if size, err := m.engine.Size(ctx, image); err == nil { // else it is not there
			m.book.Record.Add(0, report.Point{Scenario: imageSizes, Server: name, Figure: "docker MB"}, rounds.Megabytes(size))
		}
	}
	for _, image := range images {
		weigh(image, m.ref(image))
	}
	if m.flask != "" {
		weigh(skeleton, m.flask)
	}
	for _, p := range m.peers {
		weigh(p.name, p.image)
	}
	m.compare()
}

// results writes a measurement as a page.
type results struct {
	*measurement
	began                time.Time
	preparing, measuring time.Duration
}

// write writes the page, its pictures, and the files that are asked for.
func (r results) write(ctx context.Context) error {
	out := r.path(r.out)
	page := r.text(strings.TrimSuffix(filepath.Base(out), filepath.Ext(out)), r.conditions(ctx), r.builds(ctx))
	if err := os.WriteFile(out, page, 0o644); err != nil {
		return fmt.Errorf("write the results: %w", err)
	}
	if err := r.draw(strings.TrimSuffix(out, filepath.Ext(out))); err != nil {
		return err
	}
	output := r.output
	for _, file := range []*string{&output.JSON, &output.Page} {
		if *file != "" {
			*file = r.path(*file)
		}
	}
	return output.Save(section, r.summary(), r.book.Record, targets())
}

// The seed's tables, as its README has them.
const (
	seedTimes = `| Label | # Samples | Average | Median | 90% Line | 95% Line | 99% Line | Min | Max |
|---|---|---|---|---|---|---|---|---|
| Python+System | 10000 | 673 | 686 | 766 | 797 | 853 | 10 | 1180 |
| GoServer | 10000 | 2 | 2 | 3 | 6 | 15 | 1 | 78 |
`
	seedSizes = `| image | size |
|---|---|
| sciabarracom/openwhisk-hello | 16.7 MB |
| sciabarracom/openwhisk-exec | 10.4 MB |
| openwhisk/dockerskeleton | 109 MB |
| openwhisk/python3action | 289 MB |
`
)

// text returns the page. Its pictures have the name of its file; the conditions and the part on builds are ready text.
func (r results) text(name, conditions, builds string) []byte {
	var b bytes.Buffer
	record := r.book.Record
	table := func(scenario, head string) {
		_ = report.Table(&b, record, scenario, head, rounds.Wrong, rounds.Failed) // a buffer does not fail
	}
	section := func(scenario, head, before string) {
		if len(record.Servers(scenario)) > 0 {
			fmt.Fprintf(&b, "\n### %s\n\n%s\n\n", strings.ToUpper(scenario[:1])+scenario[1:], before)
			table(scenario, head)
		}
	}
	fmt.Fprintf(&b, "# Results of the benchmark\n\nWritten by `%s` on %s. %s\n\n", r.command(), r.began.UTC().Format("2006-01-02"), conditions)
	if err := r.err(); err != nil {
		fmt.Fprintf(&b, "Not everything was there:\n\n- %s\n\n", strings.ReplaceAll(err.Error(), "\n", "\n- "))
	}
	b.WriteString("## The seed's tables\n\nAs the seed had them in 2018: JMeter with 100 threads × 100 requests on OS X with Docker for Mac, times in milliseconds, " +
		"and what `docker images` printed.\n\n" + seedTimes + "\n" + seedSizes)
	fmt.Fprintf(&b, "\n## The same, today\n\n![Means of the seed's plan](%s-seed.svg)\n", name)
	section(jmeterKept, "Label", "`bench/HelloStress.jmx`, 100 threads × 100 requests"+r.tenth()+", times in milliseconds. JMeter itself takes most of "+
		"the machine: the row of bare net/http is its floor, and rows near that say nothing about the server.")
	section(jmeterEach, "Label", "The same plan, but the connection is closed after each request.")
	section(loadKept, "Label", "The same 100 connections × 100 requests"+r.tenth()+", sent by `bench/load`, which takes a tenth of JMeter's processor time. "+
		"So servers that JMeter cannot tell apart differ here, and those that take longer than JMeter agree with the tables above.")
	section(agreement, "server", "Where the server takes most of the processors, both agree within the noise of the rounds. Where it takes little, JMeter's figure is the time "+
		"that its own hundred threads wait for a processor: bare net/http shows how long that is.")
	section(loadEach, "Label", "As before, with a connection for each request; to connect, through the engine's own proxy of the port, is part of its time.")
	section(imageSizes, "image", "As `docker images` prints them.")
	b.WriteString("\n## Targets\n\n")
	_ = report.Targets(&b, record, targets())
	b.WriteString("\n## One run after the other\n")
	section(sequential, "server", "One connection, which is how the platform calls a container.")
	fmt.Fprintf(&b, "\n## Cold starts\n\n![Shares of cold starts](%s-cold.svg)\n", name)
	section(coldPresent, "image", "From the call that creates the container to the first answer of `/run`. *Engine* is the time until Docker has created and started "+
		"the container, *proxy* from there until something answers at its port, */init* the upload and the start of the interpreter or program. All but the engine's share is *added* to it; the last column is against the first row, "+
		"which is the same for a program in C.")
	section(coldPulled, "image", "The same, beginning with the pull from a registry at the loopback interface into an engine without any of our layers.")
	section(warmPool, "image", "A container that has been started before, as the platform keeps them ready.")
	b.WriteString("\n" + builds)
	b.WriteString(method)
	return b.Bytes()
}

// command returns the line that repeats this run.
func (r results) command() string {
	line := "bench/run"
	if r.quick {
		line += " --quick"
	}
	return fmt.Sprintf("%s --rounds %d", line, r.rounds)
}

func (r results) tenth() string {
	if r.quick {
		return " (a tenth of them, for `--quick`)"
	}
	return ""
}

// conditions describes the machine, its load before the first measurement, and the versions of all that took part.
func (r results) conditions(ctx context.Context) string {
	versions := []string{strings.TrimPrefix(runtime.Version(), "go") + " (Go)", r.engine.Version + " (Docker)"}
	if r.jmeter != nil {
		versions = append(versions, r.packageVersion(ctx, "jmeter")+" (JMeter)")
	}
	commit, err := r.workshop.command(ctx, "git", "describe", "--always", "--dirty")
	if err != nil {
		commit = "unknown"
	}
	return fmt.Sprintf("Machine: %s; its load when the measurement began: %s. Versions: %s; commit %s. Interleaved rounds: %d. "+
		"Prepared in %s, measured in %s.", rounds.Machine(), r.busy, strings.Join(versions, ", "), strings.TrimSpace(commit), r.rounds,
		r.preparing.Round(time.Second), r.measuring.Round(time.Second))
}

func (r results) packageVersion(ctx context.Context, name string) string {
	out, err := r.workshop.command(ctx, "dpkg-query", "-W", "-f", "${Version}", name)
	if err != nil {
		return "unknown"
	}
	return out
}

// builds returns the part on image builds, which bench/images measures.
func (r results) builds(ctx context.Context) string {
	const head = "## Image builds\n\n"
	args := []string{"run", "./bench/images", "--rounds", "2"}
	shown := strings.Join(args, " ")
	if ko, err := exec.LookPath("ko"); err == nil {
		args, shown = append(args, "--ko", ko), shown+" --ko ko"
	}
	line := "`go " + shown + "`"
	_, err := os.Stat(r.path("bench/images"))
	if err != nil || r.quick || !r.only.MatchString("image builds") || ctx.Err() != nil {
		return head + "Not measured this time: " + line + " does that.\n"
	}
	r.say("image builds: " + line)
	out, err := r.workshop.command(ctx, "go", args...)
	if err != nil {
		r.book.Fail(report.Point{Scenario: "image builds", Server: "all"}, err)
		return head + "Not measured: " + line + " failed.\n"
	}
	return head + "Measured by " + line + ".\n\n" + strings.TrimSpace(out) + "\n"
}
