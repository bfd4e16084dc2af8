package rules

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// An answer is what the platform gets.
type answer struct {
	status int
	body   string
}

func (a answer) String() string { return fmt.Sprintf("%d %.400s", a.status, a.body) }

// failed is an answer with an error.
func failed(status int, text string) answer {
	quoted, _ := json.Marshal(text)
	return answer{status, `{"error":` + string(quoted) + `}`}
}

// error is the text of an answer that is an object with an error and nothing
// else (rule 3).
func (a answer) error(t *testing.T) string {
	t.Helper()
	var members map[string]any
	if err := json.Unmarshal([]byte(a.body), &members); err != nil {
		t.Fatalf("%s: %v", a, err)
	}
	text, ok := members["error"].(string)
	if a.status == 200 || !ok || len(members) != 1 {
		t.Fatalf("%s is no answer with the single field error", a)
	}
	return text
}

// A connection is one to the proxy that is used for one request after the
// other.
type connection struct {
	*net.TCPConn
	r *bufio.Reader
}

// dial opens a connection.
func (p *proxy) dial() *connection {
	p.t.Helper()
	c, err := p.tryDial()
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { c.Close() })
	return c
}

func (p *proxy) tryDial() (*connection, error) {
	c, err := net.Dial("tcp", p.address)
	if err != nil {
		return nil, err
	}
	c.SetDeadline(time.Now().Add(patience))
	return &connection{c.(*net.TCPConn), bufio.NewReaderSize(c, 64<<10)}, nil
}

// send writes a POST and does not wait for its answer.
func (c *connection) send(path, body string) error {
	c.SetDeadline(time.Now().Add(patience))
	head := fmt.Sprintf("POST %s HTTP/1.1\r\nHost: action\r\nContent-Length: %d\r\n\r\n", path, len(body))
	_, err := io.WriteString(c, head+body)
	return err
}

// answer reads an answer, which has to carry its length (rule 2).
func (c *connection) answer() (answer, error) {
	r, err := http.ReadResponse(c.r, &http.Request{Method: "POST"})
	if err != nil {
		return answer{}, err
	}
	defer r.Body.Close()
	if len(r.TransferEncoding) > 0 || r.ContentLength < 0 {
		return answer{}, fmt.Errorf("an answer without Content-Length: %v", r.Header)
	}
	b, err := io.ReadAll(r.Body)
	return answer{r.StatusCode, string(b)}, err
}

// post sends a body on a connection of its own and gives the answer.
func (p *proxy) post(path, body string) answer {
	p.t.Helper()
	a, err := p.tryPost(path, body)
	if err != nil {
		p.t.Fatalf("POST %s: %v\n%s", path, err, p.stderr)
	}
	return a
}

func (p *proxy) tryPost(path, body string) (answer, error) {
	c, err := p.tryDial()
	if err != nil {
		return answer{}, err
	}
	defer c.Close()
	go c.send(path, body) // it may be answered before it is all sent
	return c.answer()
}

// run sends a value.
func (p *proxy) run(value string) answer {
	p.t.Helper()
	return p.post("/run", `{"value":`+value+`}`)
}

// do runs a value with steps for the action, and gives the answer.
func (p *proxy) do(steps ...step) answer {
	p.t.Helper()
	return p.run(doing("", steps...))
}

// A step is something that testdata/action does: a word and its arguments.
type step []string

// doing is a value with an id and steps.
func doing(id string, steps ...step) string {
	b, _ := json.Marshal(map[string]any{"id": id, "do": steps})
	return string(b)
}

// obey is a script for testdata/action, with what it does before it is ready.
func obey(steps ...step) string {
	b, _ := json.Marshal(steps)
	return "#!" + binaries.action + " " + string(b) + "\n"
}

// encoded is the base64 of some bytes.
func encoded(b string) string { return base64.StdEncoding.EncodeToString([]byte(b)) }

// initBody is the body of an /init with text, or bytes in base64.
func initBody(code string, binary bool) string {
	if binary {
		code = encoded(code)
	}
	b, _ := json.Marshal(map[string]any{"value": map[string]any{"name": "n", "main": "main", "code": code, "binary": binary, "env": nil}})
	return string(b)
}

// init posts a text.
func (p *proxy) init(code string) answer {
	p.t.Helper()
	return p.post("/init", initBody(code, false))
}

// ready posts a text that has to be accepted.
func (p *proxy) ready(code string) *proxy {
	p.t.Helper()
	if got, want := p.init(code), (answer{200, "OK"}); got != want {
		p.t.Fatalf("init: %s\n%s", got, p.stderr)
	}
	return p
}

// A file is an entry of an archive. A name that ends in / is a folder.
type file struct {
	name, content string
	mode          fs.FileMode
}

// zipped is a zip archive.
func zipped(t *testing.T, files ...file) string {
	t.Helper()
	return archive(t, zip.Deflate, files)
}

// zippedStored is a zip archive whose files are not compressed.
func zippedStored(t *testing.T, files ...file) string {
	t.Helper()
	return archive(t, zip.Store, files)
}

func archive(t *testing.T, method uint16, files []file) string {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range files {
		h := &zip.FileHeader{Name: f.name, Method: method}
		if f.mode != 0 {
			h.SetMode(f.mode)
		}
		entry, err := w.CreateHeader(h)
		if err == nil {
			_, err = io.WriteString(entry, f.content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// tarred is a gzipped tar archive.
func tarred(t *testing.T, entries ...tar.Header) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, h := range entries {
		content := ""
		if h.Typeflag == tar.TypeReg {
			content, h.Linkname, h.Size = h.Linkname, "", int64(len(h.Linkname)) // of files Linkname is the content
		}
		err := w.WriteHeader(&h)
		if err == nil {
			_, err = io.WriteString(w, content)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	z.Close()
	return b.String()
}

// contains checks that a text names what it should.
func contains(t *testing.T, text string, wanted ...string) {
	t.Helper()
	for _, w := range wanted {
		if !strings.Contains(text, w) {
			t.Errorf("%q lacks %q", text, w)
		}
	}
}
