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
	"time"

	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/patient"
)

// transport sends requests: over connections as safe as the user wants, within the patience, and again if that is safe
// and may help.
type transport struct {
	wire     *http.Transport
	insecure bool
	patience patient.Patience

	mutex    sync.Mutex
	answered map[string]bool  // by HOST[:PORT]
	plain    map[string]bool  // hosts that answer https with plain http
	pings    map[string]*ping // by SCHEME://HOST[:PORT]
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
	return &transport{wire: wire, insecure: access.Insecure, patience: patient.Patience{Retries: max(0, access.Retries), Pause: access.Pause, Silence: access.Timeout}, answered: map[string]bool{}, plain: map[string]bool{}, pings: map[string]*ping{}}, nil
}

// readCA returns the system's authorities ($SSL_CERT_FILE and $SSL_CERT_DIR among them) and those of a file.
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

// errPlain is the error for plain http to another machine. go-containerregistry would allow it for private addresses.
var errPlain = errors.New("plain http is only for registries on this machine, or with --insecure")

// RoundTrip sends a request, and retries it if that is safe: not for the data of a blob, whose upload starts again.
func (t *transport) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Body != nil && request.GetBody != nil {
		defer request.Body.Close() // every attempt reads its own body
	}
	if request.URL.Scheme == "http" && !t.insecure && !isLocal(request.URL.Host) {
		return nil, errPlain
	}
	if request.URL.Scheme == "https" && t.isPlain(request.URL.Host) {
		return nil, http.ErrSchemeMismatch // go-containerregistry tries https for every repository first
	}
	if answer := unasked(request); answer != nil {
		return answer, nil
	}
	if isPing(request) {
		return t.ping(request, t.send)
	}
	return t.send(request)
}

// send sends a request, and sends it again if that is safe and may help.
func (t *transport) send(request *http.Request) (*http.Response, error) {
	var response *http.Response
	err := t.patienceIn(request.Context()).Try(request.Context(), func() (time.Duration, bool, error) {
		if response != nil { // of the former try
			_, _ = io.CopyN(io.Discard, response.Body, 1<<16) // so that the connection can be used again
			_ = response.Body.Close()
		}
		var err error
		response, err = t.attempt(request)
		wait, again := t.again(request, response, err)
		if again && isData(request) {
			again, err, response = false, &interruptedError{failure(response, err), wait}, nil
		}
		return wait, again, err
	})
	if err == nil {
		return response, nil
	}
	var busy *patient.BusyError
	if errors.As(err, &busy) && response != nil {
		busy.Err = failure(response, nil)
	}
	return nil, err
}

// attempt sends a request once, with a new body: go-containerregistry repeats a request when a token has expired, and
// the old body is used up then.
func (t *transport) attempt(request *http.Request) (*http.Response, error) {
	once, tally := request, tallyOf(request)
	if request.GetBody != nil {
		once = request.Clone(request.Context())
		once.GetBody = func() (io.ReadCloser, error) {
			body, err := request.GetBody()
			return tally.begin(request, body), err
		}
		var err error
		if once.Body, err = once.GetBody(); err != nil {
			return nil, err
		}
	}
	response, err := patient.Wire{RoundTripper: t.wire, Silence: t.patienceIn(request.Context()).Silence}.RoundTrip(once)
	tally.end(request, err == nil && response.StatusCode/100 == 2)
	if err != nil {
		t.notePlain(request.URL.Host, err)
		return nil, err
	}
	t.heard(request.URL.Host)
	preferTokens(response.Header)
	response.Body = limit(request, response.Body)
	return response, nil
}

// preferTokens puts the token service before a password if a registry offers both: the password may be valid for the
// token service only, and go-containerregistry takes the first.
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

// hasAnswered reports whether a host has ever answered.
func (t *transport) hasAnswered(host string) bool {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	return t.answered[host]
}

// notePlain records a host that answers a TLS handshake in plain http, which net/http detects by its first bytes.
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
