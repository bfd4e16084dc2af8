// Package docs_test keeps the pages of this folder true: it runs their examples as they stand, plays their transcripts
// and compares their tables with the real proxy.
package docs_test

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
)

// A block is one fenced block of a page. Its info string is a language and key=value attributes:
//
//	```bash file=greet.sh env=OW_HANDSHAKE=off,OW_RESULT_FD=3
type block struct {
	lang  string
	attrs map[string]string
	text  string
	line  int // of the opening fence, from 1
}

// A page is what the tests need of a Markdown file.
type page struct {
	text   string
	blocks []block
}

func readPage(t *testing.T, name string) page {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	p := page{text: string(text)}
	var open *block
	for i, line := range strings.SplitAfter(p.text, "\n") {
		fence, isFence := strings.CutPrefix(strings.TrimRight(line, "\n"), "```")
		switch {
		case isFence && open == nil:
			words := append(strings.Fields(fence), "")
			open = &block{lang: words[0], attrs: map[string]string{}, line: i + 1}
			for _, word := range words[1:] {
				key, value, _ := strings.Cut(word, "=")
				open.attrs[key] = value
			}
		case isFence:
			p.blocks = append(p.blocks, *open)
			open = nil
		case open != nil:
			open.text += line
		}
	}
	if open != nil {
		t.Fatalf("%s:%d: block is not closed", name, open.line)
	}
	return p
}

// files returns the examples that a reader can save under a name.
func (p page) files() []block {
	var files []block
	for _, b := range p.blocks {
		if b.attrs["file"] != "" {
			files = append(files, b)
		}
	}
	return files
}

// file returns the text of one example.
func (p page) file(t *testing.T, name string) string {
	t.Helper()
	for _, b := range p.files() {
		if b.attrs["file"] == name {
			return b.text
		}
	}
	t.Fatalf("the page has no example %s", name)
	return ""
}

// with returns the blocks whose attribute key matches name: session=greet.* matches greet.sh.
func (p page) with(t *testing.T, key, name string) []block {
	t.Helper()
	var found []block
	for _, b := range p.blocks {
		ok, err := path.Match(b.attrs[key], name)
		if err != nil {
			t.Fatalf("line %d: %v", b.line, err)
		}
		if ok && b.attrs[key] != "" {
			found = append(found, b)
		}
	}
	return found
}

func TestLinksWithinThePage(t *testing.T) {
	p := readPage(t, "native-protocol.md")
	headings := map[string]bool{}
	for _, h := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(p.text, -1) {
		plain := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(h[1]), "")
		headings[strings.ReplaceAll(plain, " ", "-")] = true
	}
	for _, link := range regexp.MustCompile(`\]\(#([^)]*)\)`).FindAllStringSubmatch(p.text, -1) {
		if !headings[link[1]] {
			t.Errorf("link to #%s, which is no heading", link[1])
		}
	}
}
