//go:build linux

package main

import (
	"bytes"
	"fmt"
	"os"
)

// The lines of a page between which --page writes.
const (
	pageBegin = "<!-- bench -->\n"
	pageEnd   = "<!-- /bench -->\n"
)

// updatePage puts the report into a page, in place of an older one.
func updatePage(path string, report []byte) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("update page: %w", err)
	}
	updated, err := replaceReport(page, report)
	if err != nil {
		return fmt.Errorf("update page %s: %w", path, err)
	}
	return os.WriteFile(path, updated, 0o644)
}

// replaceReport returns the page with the report between its two lines.
func replaceReport(page, report []byte) ([]byte, error) {
	before, rest, begins := bytes.Cut(page, []byte(pageBegin))
	_, after, ends := bytes.Cut(rest, []byte(pageEnd))
	if !begins || !ends {
		return nil, fmt.Errorf("no lines %.14q and %.15q", pageBegin, pageEnd)
	}
	return bytes.Join([][]byte{before, []byte(pageBegin), []byte("\n"), report, []byte("\n"), []byte(pageEnd), after}, nil), nil
}
