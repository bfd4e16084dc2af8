//go:build linux

package native

import (
	"bytes"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/clock"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/jsonscan"
)

// records make an object of each line of the log (OW_LOG_FORMAT=json), for collectors that search by activations. There
// are no sentinels then.
type records struct {
	source source    // of lines that come now, as runs go one after the other
	part   [2][]byte // of a line that has not ended
	to     *Logs     // where the objects are written
	block  *Block    // where lines go instead, of a worker's run (Pool)
}

// A source is the run that a line of log belongs to.
type source struct{ namespace, activation []byte } // as they stand in the request

// mostRecord is the longest line that stays one, in bytes.
const mostRecord = 64 << 10

// AsJSON makes an object of each line, from now on.
func (l *Logs) AsJSON() { l.records = &records{to: l} }

// sourceOf returns the source of a run's log.
func sourceOf(r *Run) source { return source{r.Namespace, r.ID} }

// Begin attributes all log lines until the next Sentinels to a run.
func (l *Logs) Begin(r *Run) {
	if l.records != nil {
		l.mu.Lock()
		l.records.source = sourceOf(r)
		l.mu.Unlock()
	}
}

// of returns the logs of a process that serves one run alone, whatever others do meanwhile.
func (l *Logs) of(r *Run) *Logs {
	if l.records == nil {
		return l
	}
	return &Logs{records: &records{source: sourceOf(r), to: l}}
}

// write writes the lines that end in b. locked are the logs that hold the lock.
func (k *records) write(stream int, b []byte, locked *Logs) {
	for len(b) > 0 {
		line, rest, ended := bytes.Cut(b, []byte{'\n'})
		k.part[stream] = append(k.part[stream], line...)
		if b = rest; ended || len(k.part[stream]) >= mostRecord {
			k.flush(stream, locked)
		}
	}
}

// flush writes the line so far.
func (k *records) flush(stream int, locked *Logs) {
	line := k.part[stream]
	k.part[stream] = line[:0]
	if k.block != nil {
		k.block.Line(line)
		return
	}
	if k.to != locked {
		k.to.mu.Lock()
		defer k.to.mu.Unlock()
	}
	k.to.record(stream, k.source, line)
}

// end writes the lines so far, and forgets their source.
func (k *records) end(locked *Logs) {
	for stream, part := range k.part {
		if len(part) > 0 {
			k.flush(stream, locked)
		}
	}
	k.source = source{}
}

// record writes a line as an object.
func (l *Logs) record(stream int, s source, line []byte) {
	b := clock.AppendTime([]byte(`{"log_timestamp":"`), clock.UnixMilli())
	if stream == Stdout {
		b = append(b, `","log_stream":"stdout","log_message":`...)
	} else {
		b = append(b, `","log_stream":"stderr","log_message":`...)
	}
	b = jsonscan.AppendQuoted(b, string(bytes.TrimSuffix(line, []byte{'\r'})))
	b = appendText(b, `,"namespace":`, s.namespace)
	b = appendText(b, `,"activation_id":`, s.activation)
	l.write(stream, append(b, "}\n"...))
}

// appendText appends a member whose value is a text of usual length.
func appendText(b []byte, name string, value []byte) []byte {
	const most = 1024
	if jsonscan.Kind(value) != '"' || len(value) > most {
		return b
	}
	return append(append(b, name...), value...)
}
