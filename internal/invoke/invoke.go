// Package invoke calls an action's container as OpenWhisk's invoker does: POST /init once, then POST /run.
//
//	client := invoke.Client{URL: "http://127.0.0.1:8080"}
//	answer, err := client.Init(ctx, code)
//	answer, err = client.Run(ctx, json.RawMessage(`{"name":"Mike"}`))
package invoke

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/patient"
)

// maxAnswer is the longest answer that is taken, in bytes.
const maxAnswer = 64 << 20

var errTooLarge = fmt.Errorf("answered more than %d MiB, which no platform takes", maxAnswer>>20)

// Client calls the container at URL, such as "http://127.0.0.1:8080".
type Client struct {
	URL  string
	Name string // of the action, which it is told
	Main string // the function to call, for code that has several
}

// ParseURL reads the address of a container: "8080", "localhost:8080" or "http://localhost:8080".
func ParseURL(text string) (string, error) {
	whole := text
	switch {
	case strings.Trim(text, "0123456789") == "" && text != "":
		whole = "http://127.0.0.1:" + text
	case !strings.Contains(text, "://"):
		whole = "http://" + text
	}
	parsed, err := url.Parse(whole)
	if err != nil || parsed.Host == "" || parsed.Scheme != "http" && parsed.Scheme != "https" {
		return "", fmt.Errorf("%q is not the address of a container, such as http://localhost:8080", text)
	}
	if port := parsed.Port(); port != "" {
		if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
			return "", fmt.Errorf("%q: want a port from 1 to 65535", text)
		}
	}
	return strings.TrimSuffix(parsed.String(), "/"), nil
}

// Init sends code: a program, a script, an archive or source. Without code, the action that is in the image is started.
func (c Client) Init(ctx context.Context, code []byte) (Answer, error) {
	text, binary := encode(code)
	return c.post(ctx, "/init", map[string]any{"value": map[string]any{
		"name": c.Name, "main": c.Main, "code": text, "binary": binary, "env": map[string]string{},
	}})
}

// limit is the longest time of an activation in OpenWhisk's defaults.
const limit = time.Minute

// Run sends a value, which is a JSON object or array, with an activation as the platform makes it up.
func (c Client) Run(ctx context.Context, value json.RawMessage) (Answer, error) {
	return c.post(ctx, "/run", c.activation(value))
}

// activation returns the body of a /run.
func (c Client) activation(value json.RawMessage) map[string]any {
	id := make([]byte, 16)
	_, _ = rand.Read(id) // it never fails
	return map[string]any{
		"value": value, "namespace": namespace, "action_name": "/" + namespace + "/" + c.Name, "action_version": "0.0.1",
		"activation_id": hex.EncodeToString(id), "transaction_id": "mkimage",
		"deadline": strconv.FormatInt(time.Now().Add(limit).UnixMilli(), 10), // the invoker sends it as text
	}
}

// namespace is the namespace of a local OpenWhisk's user.
const namespace = "guest"

// encode returns code as /init has it: text as it is, anything binary in base64.
func encode(code []byte) (text string, binary bool) {
	if utf8.Valid(code) && !bytes.ContainsRune(code, 0) {
		return string(code), false
	}
	return base64.StdEncoding.EncodeToString(code), true
}

// direct follows no redirect: the invoker does not, and code and parameters are for the container alone.
var direct = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

func (c Client) post(ctx context.Context, path string, body any) (Answer, error) {
	request, err := c.request(ctx, path, body)
	if err != nil {
		return Answer{}, err
	}
	return c.do(request, c.whole)
}

func (c Client) request(ctx context.Context, path string, body any) (*http.Request, error) {
	content, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.URL+path, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	return request, nil
}

// do sends a request and has its answer read.
func (c Client) do(request *http.Request, read func(*http.Response, time.Time) (Answer, error)) (Answer, error) {
	path := strings.TrimPrefix(request.URL.String(), c.URL)
	began := time.Now()
	response, err := direct.Do(request)
	if err != nil {
		return Answer{}, explain(request.Context(), c.URL, path, err)
	}
	defer response.Body.Close()
	return read(response, began)
}

// whole reads an answer that comes in one piece.
func (c Client) whole(response *http.Response, began time.Time) (Answer, error) {
	path := strings.TrimPrefix(response.Request.URL.String(), c.URL)
	if to := response.Header.Get("Location"); response.StatusCode/100 == 3 && to != "" {
		return Answer{}, fmt.Errorf("%s%s answered %d and leads to %s, where nothing is sent: give the address of the container itself", c.URL, path, response.StatusCode, to)
	}
	answered, err := io.ReadAll(patient.Limit(response.Body, maxAnswer, errTooLarge))
	switch {
	case err != nil && patient.Passes(err, false):
		return Answer{}, fmt.Errorf("%s%s ended in the middle of its answer, after %d bytes: its log tells why", c.URL, path, len(answered))
	case errors.Is(err, errTooLarge):
		return Answer{}, fmt.Errorf("%s%s %w", c.URL, path, err)
	case err != nil:
		return Answer{}, explain(response.Request.Context(), c.URL, path, err)
	}
	return Answer{Status: response.StatusCode, Body: answered, Took: time.Since(began)}, nil
}

// explain returns the reason why there is no answer, on one line.
func explain(ctx context.Context, address, path string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	_, host, _ := strings.Cut(address, "://")
	switch why := patient.Explain(host, err); {
	case patient.IsRefused(err):
		return fmt.Errorf("nothing listens at %s: start a container, with mkimage run NAME or docker run", address)
	case why.Kind == patient.Broken:
		return fmt.Errorf("%s%s closed the connection without an answer: its log tells why", address, path)
	default:
		return fmt.Errorf("post %s%s: %w", address, path, why)
	}
}
