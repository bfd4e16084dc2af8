package buildkit

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/moby/buildkit/client"
)

// TLS names the files for tcp:// builders: the authority of their certificates, and this client's certificate and key.
// All are PEM.
type TLS struct{ CA, Cert, Key string }

// Check returns an error for files that do not belong together.
func (t TLS) Check() error {
	if (t.Cert == "") != (t.Key == "") {
		return errors.New("a client's certificate and its key go together: --builder-tls-cert and --builder-tls-key")
	}
	return nil
}

// read returns an error for files without valid certificates or keys.
func (t TLS) read() error {
	if t.CA != "" {
		text, err := os.ReadFile(t.CA)
		if err != nil {
			return fmt.Errorf("--builder-tls-ca: %w", err)
		}
		if !x509.NewCertPool().AppendCertsFromPEM(text) {
			return fmt.Errorf("--builder-tls-ca %s: it holds no certificate in PEM", t.CA)
		}
	}
	if t.Cert != "" {
		if _, err := tls.LoadX509KeyPair(t.Cert, t.Key); err != nil {
			return fmt.Errorf("--builder-tls-cert %s and --builder-tls-key %s: %w", t.Cert, t.Key, err)
		}
	}
	return nil
}

// hint returns a possible cause of a connection's error. A daemon that refuses the client's certificate closes the
// connection, and often that is all this side sees (RFC 8446, 4.4.2.4).
func (t TLS) hint(address string, err error) string {
	has := func(word string) bool { return strings.Contains(err.Error(), word) }
	brokenOff := slices.ContainsFunc([]string{"broken pipe", "connection reset", "EOF", "remote error: tls", "certificate required"}, has)
	switch {
	case !strings.HasPrefix(address, "tcp://"):
		return ""
	case has("not look like a TLS handshake"):
		return " (was it started without --tlscert?)"
	case has("HTTP/1.1 header"), has("no application protocol"):
		return " (that is no BuildKit daemon)"
	case !brokenOff:
		return ""
	case t == TLS{}:
		return " (does it want TLS? give --builder-tls-ca, --builder-tls-cert and --builder-tls-key)"
	case t.Cert == "":
		return " (does it want a certificate of this client? give --builder-tls-cert and --builder-tls-key)"
	case !t.expiry().IsZero() && t.expiry().Before(time.Now()):
		return " (the certificate of --builder-tls-cert has expired: " + t.expiry().Format(time.DateOnly) + ")"
	}
	return " (does it trust the certificate of --builder-tls-cert?)"
}

// expiry returns when the client's certificate expires, or the zero time.
func (t TLS) expiry() time.Time {
	pair, err := tls.LoadX509KeyPair(t.Cert, t.Key)
	if err != nil {
		return time.Time{}
	}
	return pair.Leaf.NotAfter
}

// options returns the options to dial an address.
func (t TLS) options(address string) []client.ClientOpt {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Scheme != "tcp" || t == (TLS{}) {
		return nil
	}
	options := []client.ClientOpt{client.WithServerConfig(parsed.Hostname(), t.CA)}
	if t.CA == "" {
		options = []client.ClientOpt{client.WithServerConfigSystem(parsed.Hostname())}
	}
	if t.Cert != "" {
		options = append(options, client.WithCredentials(t.Cert, t.Key))
	}
	return options
}
