package openwhisk

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"strconv"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
)

// results is where a child of a proxy writes its answers.
type results struct {
	file      *os.File
	wholeLine bool   // ActionLoop: requests are whole
	greeting  string // the first line, "" for none
	native    bool   // the greeting is a handshake of version 2
}

// childOf returns where to answer when a proxy started this program, nil when none did.
func childOf() *results {
	if _, child := os.LookupEnv("__OW_PROXY_VERSION"); !child { // init's env may make it empty
		return nil
	}
	file := os.NewFile(3, "results")
	info, err := file.Stat()
	if err == nil && info.Mode()&os.ModeNamedPipe != 0 {
		r := &results{file: file, wholeLine: true}
		// Init's env may make it empty, where the proxy waits all the same.
		waits, told := os.LookupEnv("__OW_WAIT_FOR_ACK")
		if told && (waits != "" || os.Getenv("OW_WAIT_FOR_ACK") != "") {
			r.greeting = "{\"ok\":true}\n"
			r.native = speaksLines()
		}
		return r
	}
	return &results{file: os.Stdout, greeting: "{\"openwhisk\":1}\n", native: speaksLines()}
}

// speaksLines reports whether the proxy speaks version 2 of the native protocol.
func speaksLines() bool {
	version, err := strconv.Atoi(os.Getenv("__OW_NATIVE_PROTOCOL"))
	return err == nil && version >= 2
}

// pipes serves the native protocol on stdin and r until the end of input.
func (p *program) pipes(r *results) {
	if r.file == os.Stdout {
		os.Stdout = os.Stderr // a handler's output is log
	}
	if err := p.initialize(); err != nil {
		fail("init failed: " + err.Error())
	}
	p.env = &variables{}
	l := &lines{program: p, to: r.file, open: map[string]*activation{}}
	if r.native {
		concurrency := 1
		if os.Getenv("__OW_ALLOW_CONCURRENT") == "true" {
			concurrency, p.env = most, nil // one environment cannot tell of several runs
		}
		r.greeting = handshake(concurrency)
	}
	io.WriteString(r.file, r.greeting)
	in := bufio.NewReaderSize(os.Stdin, 64<<10)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			l.runs.Wait()
			p.shutdown(8 * time.Second)
			os.Exit(0)
		}
		line = bytes.TrimSpace(line)
		if r.native {
			l.serve(line)
		} else {
			r.file.Write(append(p.answer(line, r.wholeLine), '\n'))
		}
	}
}

// answer returns the one line that answers a request of version 1 or ActionLoop.
func (p *program) answer(line []byte, whole bool) []byte {
	if whole {
		return oneLine(p.invoke(line, argument(line)))
	}
	return oneLine(p.invoke(nil, line))
}

// oneLine returns the answer of a run as one line.
func oneLine(result []byte, err error) []byte {
	if err != nil {
		result = errorObject(err)
	}
	if jsonscan.Check(result) != nil {
		return []byte("null") // which no proxy takes for a result
	}
	result = bytes.Clone(result)
	jsonscan.OneLine(result)
	return result
}

// shutdown calls the function of OnShutdown.
func (p *program) shutdown(grace time.Duration) {
	if p.onShutdown == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	p.onShutdown(ctx)
}
