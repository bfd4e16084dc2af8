package registry

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
)

// ping is the answer of a registry to GET /v2/, which tells how it lets clients in. It is the same for all repositories,
// and go-containerregistry asks for each.
type ping struct {
	turn   chan struct{}  // one request at a time
	answer *http.Response // nil before; without a body
}

// maxPing limits the text of such an answer, which nobody reads, in bytes.
const maxPing = 1 << 16

func isPing(request *http.Request) bool {
	return request.Method == http.MethodGet && request.URL.Path == "/v2/" && request.Header.Get("Authorization") == ""
}

// ping asks a registry once, unless it answers with an error.
func (t *transport) ping(request *http.Request, send func(*http.Request) (*http.Response, error)) (*http.Response, error) {
	origin := request.URL.Scheme + "://" + request.URL.Host
	t.mutex.Lock()
	one, ok := t.pings[origin]
	if !ok {
		one = &ping{turn: make(chan struct{}, 1)}
		t.pings[origin] = one
	}
	t.mutex.Unlock()
	select {
	case one.turn <- struct{}{}:
		defer func() { <-one.turn }()
	case <-request.Context().Done():
		return nil, context.Cause(request.Context())
	}
	if one.answer == nil {
		response, err := send(request)
		if err != nil || response.StatusCode != http.StatusOK && response.StatusCode != http.StatusUnauthorized {
			return response, err
		}
		text, err := io.ReadAll(io.LimitReader(response.Body, maxPing))
		if err := errors.Join(err, response.Body.Close()); err != nil {
			return nil, err
		}
		kept := *response
		kept.Body, kept.Request = nil, nil
		one.answer = &kept
		response.Body = io.NopCloser(bytes.NewReader(text))
		return response, nil
	}
	again := *one.answer
	again.Header, again.Body, again.Request = one.answer.Header.Clone(), http.NoBody, request
	return &again, nil
}
