package wsk

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/patient"
)

// maxAnswer is the longest answer that is taken, in bytes: an activation's result and its log.
const maxAnswer = 64 << 20

var errTooLarge = fmt.Errorf("answered more than %d MiB", maxAnswer>>20)

// slowestAnswer is the longest time for an answer. OpenWhisk keeps the request of a blocking invocation for a minute.
const slowestAnswer = 2 * time.Minute

// Client speaks to the REST API of an OpenWhisk.
type Client struct {
	host string // as errors name it
	base string // the URL of the API's namespaces
	auth string
	http *http.Client
	wait time.Duration // between the first two looks for an activation's record
}

// NewClient returns a client with these settings. With insecure, it takes any certificate.
func NewClient(settings Settings, insecure bool) (*Client, error) {
	host := strings.TrimRight(settings.APIHost, "/")
	if !strings.Contains(host, "://") {
		host = "https://" + host
	}
	parsed, err := url.Parse(host)
	if err != nil || parsed.Host == "" || parsed.User != nil || parsed.RawQuery != "" || parsed.Scheme != "https" && parsed.Scheme != "http" {
		return nil, fmt.Errorf("the API host is not HOST, HOST:PORT or a URL such as https://openwhisk.example.org (the key goes to --auth)")
	}
	id, key, ok := strings.Cut(settings.Auth, ":")
	if !ok || id == "" || key == "" || strings.ContainsAny(settings.Auth, " \t\r\n") {
		return nil, fmt.Errorf("the key for %s is not of the form ID:KEY, as \"wsk property get --auth\" shows it", parsed.Host)
	}
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.ResponseHeaderTimeout = slowestAnswer
	transport.TLSClientConfig = &tls.Config{InsecureSkipVerify: insecure}
	return &Client{
		host: parsed.Host, base: host + "/api/v1/namespaces/", auth: settings.Auth, wait: 250 * time.Millisecond,
		http: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
	}, nil
}

// Put creates the action, or updates an existing one, and returns its version, such as "0.0.1".
func (c *Client) Put(ctx context.Context, action Action) (version string, err error) {
	doing := "update " + action.Name.String()
	body, err := action.Body()
	if err != nil {
		return "", fmt.Errorf("%s: %w", doing, err)
	}
	answer, err := c.call(ctx, doing, http.MethodPut, action.Name.path()+"?overwrite=true", body)
	if err != nil {
		return "", err
	}
	var made struct {
		Version string `json:"version"`
	}
	if answer.status != http.StatusOK || json.Unmarshal(answer.body, &made) != nil {
		return "", c.refused(doing, answer)
	}
	return made.Version, nil
}

// answer is an answer of the API.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// call sends a request with the headers of wsk. A nil body is not sent.
func (c *Client) call(ctx context.Context, doing, method, path string, body []byte) (answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, c.base+path, nil)
	if err != nil {
		return answer{}, fmt.Errorf("%s: %w", doing, err)
	}
	if body != nil {
		request.Body, request.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
		request.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
		request.Header.Set("Content-Type", "application/json")
	}
	id, key, _ := strings.Cut(c.auth, ":")
	request.SetBasicAuth(id, key)
	request.Header.Set("User-Agent", "mkimage")
	response, err := c.http.Do(request)
	if err != nil {
		return answer{}, c.unreached(ctx, doing, err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(patient.Limit(response.Body, maxAnswer, errTooLarge))
	switch {
	case errors.Is(err, errTooLarge):
		return answer{}, fmt.Errorf("%s: %s %w", doing, c.host, err)
	case err != nil:
		return answer{}, c.unreached(ctx, doing, err)
	}
	return answer{response.StatusCode, response.Header, content}, nil
}
