package report

import (
	"bytes"
	"fmt"
	"os"
)

// UpdatePage puts a text into a page, between the lines <!-- name --> and <!-- /name -->, in place of an older one.
func UpdatePage(path, name string, text []byte) error {
	page, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("update page: %w", err)
	}
	updated, err := replace(page, name, text)
	if err != nil {
		return fmt.Errorf("update page %s: %w", path, err)
	}
	return os.WriteFile(path, updated, 0o644)
}

// replace returns the page with the text between its two lines.
func replace(page []byte, name string, text []byte) ([]byte, error) {
	begin, end := []byte("<!-- "+name+" -->\n"), []byte("<!-- /"+name+" -->\n")
	before, rest, begins := bytes.Cut(page, begin)
	_, after, ends := bytes.Cut(rest, end)
	if !begins || !ends {
		return nil, fmt.Errorf("no lines <!-- %s --> and <!-- /%s -->", name, name)
	}
	return bytes.Join([][]byte{before, begin, []byte("\n"), text, []byte("\n"), end, after}, nil), nil
}
