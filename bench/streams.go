//go:build linux

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/load"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/rounds"
	"github.com/sciabarracom/openwhisk-runtime-go/bench/server"
)

// slowest is the longest of all times, in milliseconds.
const slowest = "slowest ms"

// tooLate is how long anything here may take.
const tooLate = 10 * time.Second

// A reader is a client that asks for streams.
type reader struct {
	net.Conn
	in *bufio.Reader
}

func dialReader(address string) (*reader, error) {
	conn, err := net.DialTimeout("tcp", address, tooLate)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(tooLate))
	return &reader{conn, bufio.NewReader(conn)}, nil
}

// ask sends a run, and returns its answer as soon as its header and a byte of its body are there.
func (r *reader) ask(value string) (io.ReadCloser, error) {
	body := `{"value":` + value + `}`
	request := fmt.Sprintf("POST /run HTTP/1.1\r\nHost: action\r\nAccept: application/vnd.openwhisk.stream\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
	if _, err := io.WriteString(r, request); err != nil {
		return nil, err
	}
	answer, err := http.ReadResponse(r.in, &http.Request{Method: http.MethodPost})
	if err != nil {
		return nil, err
	}
	if _, err := answer.Body.Read(make([]byte, 1)); err != nil && err != io.EOF {
		return nil, err
	}
	if answer.StatusCode != 200 {
		return nil, errors.New("the run answered " + answer.Status)
	}
	return answer.Body, nil
}

// measureFirstByte makes n runs on one connection, and measures when the first byte of each answer is there.
func measureFirstByte(c server.Command, value string, n int) ([]rounds.Figure, error) {
	p, err := server.Start(c)
	if err != nil {
		return nil, err
	}
	defer p.Stop()
	r, err := dialReader(p.Address)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var result load.Result
	for range n {
		_ = r.SetDeadline(time.Now().Add(tooLate))
		began := time.Now()
		body, err := r.ask(value)
		if err != nil {
			return nil, err
		}
		result.Latencies = append(result.Latencies, time.Since(began))
		if _, err := io.Copy(io.Discard, body); err != nil {
			return nil, err
		}
	}
	slices.Sort(result.Latencies)
	return []rounds.Figure{rounds.Of(rounds.P50, rounds.Microseconds(result.Percentile(50))), rounds.Of(rounds.P99, rounds.Microseconds(result.Percentile(99)))}, nil
}

// measureCancel leaves n streams after their first piece, and measures when the action has got the cancel.
func measureCancel(c server.Command, n int) ([]rounds.Figure, error) {
	p, err := server.Start(c)
	if err != nil {
		return nil, err
	}
	defer p.Stop()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	defer listener.Close()
	var result load.Result
	for range n {
		took, err := leave(p.Address, listener)
		if err != nil {
			return nil, err
		}
		result.Latencies = append(result.Latencies, took)
	}
	slices.Sort(result.Latencies)
	return []rounds.Figure{rounds.Of(rounds.P50, rounds.Microseconds(result.Percentile(50))), rounds.Of(slowest, rounds.Milliseconds(result.Latencies[n-1]))}, nil
}

// leave leaves one stream; the action closes its connection to the listener when it is told.
func leave(address string, listener net.Listener) (time.Duration, error) {
	r, err := dialReader(address)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	if _, err := r.ask(`{"tell":"` + listener.Addr().String() + `"}`); err != nil {
		return 0, err
	}
	action, err := listener.Accept()
	if err != nil {
		return 0, err
	}
	defer action.Close()
	_ = action.SetDeadline(time.Now().Add(tooLate))
	began := time.Now()
	r.Close()
	_, err = action.Read(make([]byte, 1))
	took := time.Since(began)
	if err != io.EOF && !strings.Contains(fmt.Sprint(err), "reset") {
		return 0, fmt.Errorf("the action was not told that its reader had left: %w", err)
	}
	return took, nil
}
