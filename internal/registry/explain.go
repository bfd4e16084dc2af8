package registry

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	protocol "github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// Explain makes one line of an error, "push REFERENCE: …": what the registry said, and what to do. The error's own text
// may hold upload addresses and answers of token services, which can carry credentials, and is not shown. The action is
// "push" when something is written. A cancelled context stays what it is, and what is explained already too. The reference is a name.Tag, name.Digest or
// name.Repository.
func (c *Client) Explain(action string, reference interface{ Name() string }, err error) error {
	var done *explained
	if err == nil || errors.Is(err, context.Canceled) || errors.As(err, &done) {
		return err
	}
	repository, known := reference.(name.Repository)
	if full, ok := reference.(name.Reference); ok && !known {
		repository = full.Context()
	}
	return fmt.Errorf("%s %s: %w", action, reference.Name(), &explained{problem{c, repository, action}.text(err), err})
}

// Reason is the text of an error alone, without what was done to what, on one line. The action is as for Explain; "attach"
// is about what a push can do without.
func (c *Client) Reason(action string, repository name.Repository, err error) string {
	var done *explained
	if errors.As(err, &done) {
		return done.text
	}
	return problem{c, repository, action}.text(err)
}

// explained is a line that hides the text of the error that it explains.
type explained struct {
	text string
	err  error
}

func (e *explained) Error() string { return e.text }
func (e *explained) Unwrap() error { return e.err }

// problem is an error about a repository.
type problem struct {
	client     *Client
	repository name.Repository
	action     string // "push" and "attach" write, all others read
}

func (p problem) text(err error) string {
	host := p.repository.RegistryStr()
	var answer *protocol.Error
	var busy *busyError
	var dns *net.DNSError
	var timeout net.Error
	var address *net.OpError
	var syntax *json.SyntaxError
	var record tls.RecordHeaderError
	switch {
	case certificate(err) != "":
		return fmt.Sprintf("the certificate of %s %s", host, certificate(err))
	case errors.As(err, &busy):
		return fmt.Sprintf("%s is busy and asks to come back in %s: try again then", host, busy.wait.Round(time.Second))
	case errors.As(err, &answer):
		return p.answered(answer)
	case errors.As(err, &dns):
		return fmt.Sprintf("no address is known for %s: check the name and the network", dns.Name)
	case errors.Is(err, errPlain):
		return p.plain()
	case errors.Is(err, errSilent) && p.action == "attach":
		return fmt.Sprintf("%s does not answer in time: push again later", host)
	case errors.Is(err, errSilent):
		return fmt.Sprintf("%s does not answer within %s: check the address and the network, or wait longer with --registry-timeout", host, p.client.transport.silence)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("%s does not answer: check the address and the network", host)
	case errors.As(err, &address) && address.Op == "dial":
		return fmt.Sprintf("no registry answers at %s (%s): check the address, and that it runs", host, reason(address))
	case passes(err, true):
		return fmt.Sprintf("%s breaks the connection off: try again; what has arrived is not sent again", host)
	case errors.Is(err, http.ErrSchemeMismatch), errors.As(err, &record) && !isLocal(host):
		return p.plain()
	case errors.As(err, &syntax):
		return fmt.Sprintf("%s, or its token service, answers what is no JSON: check the address", host)
	case strings.Contains(err.Error(), "malformed HTTP"):
		return fmt.Sprintf("%s does not speak http: check the address", host)
	case strings.Contains(err.Error(), "no token in bearer response"):
		return fmt.Sprintf("the token service of %s gives no token: tell those who run it", host)
	}
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	return human.Line(err.Error())
}

func (p problem) plain() string {
	return p.repository.RegistryStr() + " does not speak https, and plain http is only for registries on this machine: give it a certificate, or say --insecure"
}

// certificate says what is wrong with a certificate, if that is the error, and what to do.
func certificate(err error) string {
	var name x509.HostnameError
	var invalid x509.CertificateInvalidError
	var other *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	switch {
	case errors.As(err, &name):
		return "is for another name: use the name that it is for"
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return "has expired, or this machine's clock is wrong"
	case errors.As(err, &other), errors.As(err, &authority):
		return "is not trusted: name the file of its authority with --registry-ca, or with SSL_CERT_FILE"
	}
	return ""
}

// reason is the system's own word for an error of the network, such as "connection refused".
func reason(err *net.OpError) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number
	}
	return err.Err
}
