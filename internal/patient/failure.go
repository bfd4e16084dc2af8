package patient

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// Kind is the kind of a failure.
type Kind int

// The kinds, in the order of their checks: an error may wrap several.
const (
	Other     Kind = iota
	OtherName      // the certificate is for another name
	Expired        // the certificate has expired
	Untrusted      // the certificate is of an unknown authority
	NoAddress      // the name has no address
	Silent         // nothing came in time
	Refused        // no connection
	Broken         // the connection has ended too early
	NoHTTP         // the server speaks another protocol
	NoTLS          // the server does not speak https
)

// Failure is the reason why a server gave no answer, as one line without the request's URL.
type Failure struct {
	Kind   Kind
	Server string // HOST[:PORT]
	Detail string // the reason in the system's own words, such as "connection refused"
	err    error
}

func (f *Failure) Error() string {
	switch f.Kind {
	case OtherName:
		return fmt.Sprintf("the certificate of %s is for another name", f.Server)
	case Expired:
		return fmt.Sprintf("the certificate of %s has expired, or this machine's clock is wrong", f.Server)
	case Untrusted:
		return fmt.Sprintf("the certificate of %s is not trusted", f.Server)
	case NoAddress:
		return "no address is known for " + f.Detail
	case Silent:
		return f.Server + " does not answer"
	case Refused:
		return fmt.Sprintf("nobody answers at %s (%s)", f.Server, f.Detail)
	case Broken:
		return f.Server + " breaks the connection off"
	case NoHTTP:
		return f.Server + " does not speak http"
	case NoTLS:
		return f.Server + " does not speak https"
	}
	return f.Detail
}

func (f *Failure) Unwrap() error { return f.err }

// longestDetail limits the text of another error, in characters.
const longestDetail = 300

// Explain returns the reason why a request to a server has failed.
func Explain(server string, err error) *Failure {
	f := &Failure{Server: server, err: err}
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var dns *net.DNSError
	var silent *SilentError
	var timeout net.Error // the first of several, which may not be the silent one
	var address *net.OpError
	var record tls.RecordHeaderError
	switch {
	case errors.As(err, &name):
		f.Kind = OtherName
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		f.Kind = Expired
	case errors.As(err, &certificate), errors.As(err, &authority):
		f.Kind = Untrusted
	case errors.As(err, &dns):
		f.Kind, f.Detail = NoAddress, dns.Name
	case errors.As(err, &silent), errors.As(err, &timeout) && timeout.Timeout():
		f.Kind = Silent
	case errors.As(err, &address) && address.Op == "dial":
		f.Kind, f.Detail = Refused, detail(address)
	case Passes(err, true):
		f.Kind, f.Detail = Broken, detail(err)
	case strings.Contains(err.Error(), "malformed HTTP"):
		f.Kind = NoHTTP
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record):
		f.Kind = NoTLS
	default:
		f.Detail = detail(err)
	}
	return f
}

// detail returns the system's text for an error of the network, or the text of another error without the request's URL.
func detail(err error) string {
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	var operation *net.OpError
	if errors.As(err, &operation) {
		err = operation.Err
	}
	var number *os.SyscallError
	if errors.As(err, &number) {
		err = number.Err
	}
	return human.Excerpt(err.Error(), longestDetail)
}
