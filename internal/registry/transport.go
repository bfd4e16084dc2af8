package registry

import (
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// transport sends requests: over connections that are as safe as the user wants them, to registries that answer in time,
// and again where that can help.
type transport struct {
	wire     *http.Transport
	insecure bool
	patience

	mutex    sync.Mutex
	answered map[string]bool // by HOST[:PORT]
	plain    map[string]bool // those that answer https with plain http
}

func newTransport(access Access) (*transport, error) {
	standard, ok := remote.DefaultTransport.(*http.Transport)
	if !ok {
		return nil, fmt.Errorf("go-containerregistry's transport is a %T", remote.DefaultTransport)
	}
	wire := standard.Clone()
	wire.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, InsecureSkipVerify: access.Insecure} //nolint:gosec // as asked for
	if access.CA != "" {
		roots, err := readCA(access.CA)
		if err != nil {
			return nil, fmt.Errorf("read the authorities in %s: %w", access.CA, err)
		}
		wire.TLSClientConfig.RootCAs = roots
	}
	return &transport{wire: wire, insecure: access.Insecure, patience: newPatience(access), answered: map[string]bool{}, plain: map[string]bool{}}, nil
}

// readCA returns the authorities of the system ($SSL_CERT_FILE and $SSL_CERT_DIR among them) and of a file.
func readCA(file string) (*x509.CertPool, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, human.Reason(err)
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		roots = x509.NewCertPool()
	}
	if !roots.AppendCertsFromPEM(text) {
		return nil, errors.New("it holds no certificate in PEM form")
	}
	return roots, nil
}

// errPlain is what a request in plain http fails with, beyond this machine. Go-containerregistry would send it for private
// addresses.
var errPlain = errors.New("plain http is only for registries on this machine, or with --insecure")

// RoundTrip sends a request, again where that is safe: all but the data of a blob, whose upload has to begin anew.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Body != nil && request.GetBody != nil {
		defer request.Body.Close() // every attempt reads a body of its own
	}
	if request.URL.Scheme == "http" && !t.insecure && !isLocal(request.URL.Host) {
		return nil, errPlain
	}
	if request.URL.Scheme == "https" && t.isPlain(request.URL.Host) {
		return nil, http.ErrSchemeMismatch // go-containerregistry asks for every repository
	}
	if answer := unasked(request); answer != nil {
		return answer, nil
	}
	for try := 0; ; try++ {
		response, err := t.attempt(request)
		wait, again := t.again(request, response, err)
		switch {
		case !again:
			return response, err
		case isData(request):
			return nil, &interruptedError{failure(response, err), wait}
		case wait > longestPause:
			return nil, &busyError{failure(response, err), wait}
		case try >= t.triesAgain(request.Context()):
			return response, err
		}
		if response != nil {
			_, _ = io.CopyN(io.Discard, response.Body, 1<<16) // so that the connection can be used again
			_ = response.Body.Close()
		}
		if err := t.pause(request.Context(), try, wait); err != nil {
			return nil, err
		}
	}
}

// attempt sends a request once. Its body is a new one: go-containerregistry sends a request again when a token has
// expired, and has no more of the body then.
func (t *transport) attempt(request *http.Request) (*http.Response, error) {
	watch := newWatch(request.Context(), t.silenceFor(request.Context()))
	once := request.Clone(watch.ctx)
	tally := tallyOf(request)
	var try *sending
	if request.GetBody != nil {
		body, err := request.GetBody()
		if err != nil {
			watch.end()
			return nil, err
		}
		try = tally.begin(request)
		once.Body = &upload{body, watch, try}
	}
	response, err := t.wire.RoundTrip(once)
	try.end(err == nil && response.StatusCode/100 == 2)
	if err != nil {
		t.notePlain(request.URL.Host, err)
		return nil, watch.fail(err)
	}
	watch.pause()
	t.heard(request.URL.Host)
	tally.answer(request, response)
	preferTokens(response.Header)
	response.Body = limit(request, &download{response.Body, watch})
	return response, nil
}

// preferTokens puts the way to a token service before a login with a password, where a registry offers both: it may take the
// latter for nothing but the token service, and go-containerregistry takes the first.
func preferTokens(header http.Header) {
	slices.SortStableFunc(header["Www-Authenticate"], func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
}

func rank(challenge string) int {
	if len(challenge) >= len("Bearer") && strings.EqualFold(challenge[:len("Bearer")], "Bearer") {
		return 0
	}
	return 1
}

func (t *transport) heard(host string) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.answered[host] = true
}

// hasAnswered says whether there was ever an answer from a host.
func (t *transport) hasAnswered(host string) bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.answered[host]
}

// notePlain remembers a host that answers a TLS handshake in plain http, which net/http knows by its first bytes.
func (t *transport) notePlain(host string, err error) {
	var record tls.RecordHeaderError
	if errors.As(err, &record) && string(record.RecordHeader[:]) == "HTTP/" {
		t.mutex.Lock()
		defer t.mutex.Unlock()
		t.plain[host] = true
	}
}

func (t *transport) isPlain(host string) bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.plain[host]
}
