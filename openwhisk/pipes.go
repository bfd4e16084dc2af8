package openwhisk

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"os"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
)

// results is where a child of a proxy writes its answers.
type results struct {
	file      *os.File
	wholeLine bool   // ActionLoop: requests are whole
	greeting  string // the first line, "" for none
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
		}
		return r
	}
	return &results{file: os.Stdout, greeting: "{\"openwhisk\":1}\n"}
}

// pipes serves the native protocol on stdin and r until the end of input.
func (p *program) pipes(r *results) {
	if r.file == os.Stdout {
		os.Stdout = os.Stderr // what a handler prints is log
	}
	if err := p.initialize(); err != nil {
		fail("init failed: " + err.Error())
	}
	io.WriteString(r.file, r.greeting)
	p.env = &variables{}
	in := bufio.NewReaderSize(os.Stdin, 64<<10)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			p.shutdown(8 * time.Second)
			os.Exit(0)
		}
		r.file.Write(append(p.answer(bytes.TrimSpace(line), r.wholeLine), '\n'))
	}
}

// answer returns the one line that answers a request.
func (p *program) answer(line []byte, whole bool) []byte {
	var body []byte
	value := line
	if whole {
		body, value = line, []byte("{}")
		members := jsonscan.Object(line)
		for members.Next() {
			if string(members.Key) == "value" {
				value = members.Value
			}
		}
	}
	result, err := p.invoke(body, value)
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

// shutdown calls what OnShutdown was given.
func (p *program) shutdown(grace time.Duration) {
	if p.onShutdown == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	p.onShutdown(ctx)
}
