//go:build linux

package rounds

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime"

	"github.com/sciabarracom/openwhisk-runtime-go/bench/report"
)

// Output says where figures go, besides standard output.
type Output struct {
	JSON string // a file for every round's figures, or ""
	Page string // a markdown file that has a section of them, or ""
}

// Flags adds --json and --page to the command line. The section is between the page's comments of that name.
func (o *Output) Flags(section string) {
	flag.StringVar(&o.JSON, "json", "", "also write every round's figures to this `file`")
	flag.StringVar(&o.Page, "page", "", "also put the tables into this markdown `file`, between its "+section+" comments")
}

// Write reports a record as markdown: the machine, the targets, a table for each scenario.
func (o Output) Write(out io.Writer, section string, rounds int, record *report.Record, targets []report.Target) error {
	var text bytes.Buffer
	fmt.Fprintf(&text, "Interleaved rounds: %d. Machine: %s. Compiler: %s.\n\n", rounds, Machine(), runtime.Version())
	if err := report.Markdown(&text, record, targets); err != nil {
		return err
	}
	saved := o.Save(section, text.Bytes(), record, targets)
	_, failed := out.Write(text.Bytes())
	return errors.Join(saved, failed)
}

// Save writes a text into the page's section, and the record as JSON.
func (o Output) Save(section string, text []byte, record *report.Record, targets []report.Target) error {
	var updated, written error
	if o.Page != "" {
		updated = report.UpdatePage(o.Page, section, text)
	}
	if o.JSON != "" {
		written = report.WriteJSON(o.JSON, report.Document(record, targets))
	}
	return errors.Join(updated, written)
}
