package testkit

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// A Client sends requests to a proxy as the platform does.
type Client struct {
	T       testing.TB
	Address string        // host:port
	Log     func() string // is shown when there is no answer
}

// A Connection is used for one request after the other.
type Connection struct {
	*net.TCPConn
	Reader *bufio.Reader
}

// Dial opens a connection.
func (c *Client) Dial() *Connection {
	c.T.Helper()
	conn, err := c.TryDial()
	if err != nil {
		c.T.Fatal(err)
	}
	c.T.Cleanup(func() { conn.Close() })
	return conn
}

// TryDial opens a connection that the caller closes.
func (c *Client) TryDial() (*Connection, error) {
	conn, err := net.Dial("tcp", c.Address)
	if err != nil {
		return nil, err
	}
	_ = conn.SetDeadline(time.Now().Add(Patience))
	return &Connection{conn.(*net.TCPConn), bufio.NewReaderSize(conn, 64<<10)}, nil
}

// Send writes a POST and does not wait for its answer.
func (c *Connection) Send(path, body string) error { return c.SendAs("POST", path, body) }

// SendAs writes a request with another method.
func (c *Connection) SendAs(method, path, body string) error {
	_ = c.SetDeadline(time.Now().Add(Patience))
	_, err := io.WriteString(c, fmt.Sprintf("%s %s HTTP/1.1\r\nHost: action\r\nContent-Length: %d\r\n\r\n", method, path, len(body))+body)
	return err
}

// Answer reads an answer to a POST, which has to carry its length.
func (c *Connection) Answer() (Answer, error) { return c.AnswerTo("POST") }

// AnswerTo reads an answer to another method.
func (c *Connection) AnswerTo(method string) (Answer, error) {
	r, err := http.ReadResponse(c.Reader, &http.Request{Method: method})
	if err != nil {
		return Answer{}, err
	}
	defer r.Body.Close()
	if len(r.TransferEncoding) > 0 || r.ContentLength < 0 {
		return Answer{}, fmt.Errorf("an answer without Content-Length: %v", r.Header)
	}
	b, err := io.ReadAll(r.Body)
	return Answer{r.StatusCode, string(b)}, err
}

// Post sends a body on a connection of its own and returns the answer.
func (c *Client) Post(path, body string) Answer {
	c.T.Helper()
	return c.Request("POST", path, body)
}

// Request is Post with another method.
func (c *Client) Request(method, path, body string) Answer {
	c.T.Helper()
	a, err := c.TryRequest(method, path, body)
	if err != nil {
		c.T.Fatalf("%s %s: %v\n%s", method, path, err, c.Log())
	}
	return a
}

// TryPost is Post for a proxy that may be gone.
func (c *Client) TryPost(path, body string) (Answer, error) { return c.TryRequest("POST", path, body) }

// TryRequest is Request for a proxy that may be gone.
func (c *Client) TryRequest(method, path, body string) (Answer, error) {
	conn, err := c.TryDial()
	if err != nil {
		return Answer{}, err
	}
	defer conn.Close()
	go conn.SendAs(method, path, body) // the answer may come before all is sent
	return conn.AnswerTo(method)
}

// Init posts code as text.
func (c *Client) Init(code string) Answer {
	c.T.Helper()
	return c.Post("/init", InitBody(code, nil))
}

// Run posts a value.
func (c *Client) Run(value string) Answer {
	c.T.Helper()
	return c.Post("/run", `{"value":`+value+`}`)
}

// InitBody returns the body of an /init: a string is sent as text, and a []byte in base64. The env is marshalled to
// JSON.
func InitBody(code, env any) string {
	_, binary := code.([]byte)
	body, err := json.Marshal(map[string]any{"value": map[string]any{"name": "n", "main": "main", "code": code, "binary": binary, "env": env}})
	if err != nil {
		panic(err) // no test has such an env
	}
	return string(body)
}
