//go:build linux

// Package jmeter runs the seed's test, bench/HelloStress.jmx, in Debian's JMeter, and reads its results:
//
//	j, err := jmeter.New(root, dir)
//	result, err := j.Run(ctx, jmeter.Plan{Address: "127.0.0.1:8080", Threads: 100, Loops: 100})
package jmeter

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/load"
)

// home is where Debian's package has JMeter.
const home = "/usr/share/jmeter"

// classes are the files that JMeter is started from.
var classes = []string{home + "/bin/ApacheJMeter.jar", "/usr/share/java/xstream.jar"}

// needed are the programs and files that a run needs, with the package of Debian that has each.
var needed = [][2]string{
	{home + "/bin/ApacheJMeter.jar", "jmeter"},
	{home + "/lib/ext/ApacheJMeter_http.jar", "jmeter-http"},
	{"java", "default-jre-headless"},
	{"javac", "default-jdk-headless"},
}

// Missing returns the packages of Debian that a run needs and that are not installed.
func Missing() []string {
	var packages []string
	for _, each := range needed {
		if _, err := exec.LookPath(each[0]); err == nil {
			continue
		}
		if _, err := os.Stat(each[0]); err != nil {
			packages = append(packages, each[1])
		}
	}
	return packages
}

// JMeter is ready to run the test.
type JMeter struct {
	plan string
	dir  string // of the compiled class, results and logs
	runs int
}

// New compiles bench/jmeter/Headless.java of the module at root into dir.
func New(ctx context.Context, root, dir string) (*JMeter, error) {
	source := filepath.Join(root, "bench/jmeter/Headless.java")
	compile := exec.CommandContext(ctx, "javac", "-cp", strings.Join(classes, ":"), "-d", dir, source)
	if text, err := compile.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("compile %s: %w: %s", source, err, text)
	}
	return &JMeter{plan: filepath.Join(root, "bench/HelloStress.jmx"), dir: dir}, nil
}

// Plan describes the requests.
type Plan struct {
	Address        string // 127.0.0.1 and the port
	Threads, Loops int
	Warm           int  // loops of each thread before those that count
	Each           bool // a connection for each request
}

// Run runs the test.
func (j *JMeter) Run(ctx context.Context, p Plan) (*load.Result, error) {
	_, port, err := net.SplitHostPort(p.Address)
	if err != nil {
		return nil, fmt.Errorf("jmeter: %w", err)
	}
	j.runs++
	results := filepath.Join(j.dir, fmt.Sprintf("%d.csv", j.runs))
	log := filepath.Join(j.dir, fmt.Sprintf("%d.log", j.runs))
	command := exec.CommandContext(ctx, "java", "-Djava.awt.headless=true", "-Djmeter.home="+home,
		"-cp", strings.Join(append([]string{j.dir}, classes...), ":"), "Headless",
		"-n", "-t", j.plan, "-l", results, "-j", log,
		"-Jport="+port, "-Jlabel="+label, "-Jthreads="+strconv.Itoa(p.Threads), "-Jloops="+strconv.Itoa(p.Loops),
		"-Jwarm="+strconv.Itoa(p.Warm), "-Jkeepalive="+strconv.FormatBool(!p.Each),
		"-Jjmeter.save.saveservice.output_format=csv", "-Jjmeter.save.saveservice.print_field_names=true",
		"-Jjmeter.save.saveservice.timestamp_format=ms", "-Jsummariser.name=")
	command.Dir = home + "/bin" // its settings name files beside it
	if text, err := command.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("jmeter: %w: %s", err, last(string(text)))
	}
	file, err := os.Open(results)
	if err != nil {
		return nil, fmt.Errorf("jmeter: %w (its log is %s)", err, log)
	}
	defer file.Close()
	result, err := parse(file)
	if err == nil && result.Sent != p.Threads*p.Loops {
		err = fmt.Errorf("jmeter has sent %d requests of %d (its log is %s)", result.Sent, p.Threads*p.Loops, log)
	}
	return result, err
}

// last returns the end of a long text.
func last(text string) string { return text[max(0, len(text)-500):] }
