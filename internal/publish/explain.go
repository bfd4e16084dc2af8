package publish

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/remote/transport"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/beside"
)

// explainWrite says what went wrong at a destination, and what to do, without the name of a temporary file.
func explainWrite(dest string, err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	if errors.Is(err, beside.ErrForeign) {
		return fmt.Errorf("write %s: it %w, so it is left as it is: remove it, or choose another dest", dest, beside.ErrForeign)
	}
	advice := "choose another dest"
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		advice = "free some space, or choose another dest"
	}
	return fmt.Errorf("write %s: %w: %s", dest, oneLine(beside.Reason(err)), advice)
}

// explainPush says what a registry answered, and what to do. The error's own text may hold upload addresses, which can
// carry credentials, and is not shown.
func explainPush(ctx context.Context, tag name.Tag, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	host := tag.RegistryStr()
	return fmt.Errorf("push %s: %s", tag.Name(), pushProblem(host, err))
}

// pullProblem says why a registry does not give an image.
func pullProblem(host string, err error) string {
	var answer *transport.Error
	if errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound {
		return "there is no such image at " + host
	}
	if errors.As(err, &answer) && (answer.StatusCode == http.StatusUnauthorized || answer.StatusCode == http.StatusForbidden) {
		return fmt.Sprintf("%s does not give it to this login (%d%s), or has no such image: check the name, and log in with: docker login %s",
			host, answer.StatusCode, codes(answer), host)
	}
	return pushProblem(host, err)
}

func pushProblem(host string, err error) string {
	var moved errMoved
	var answer *transport.Error
	var dns *net.DNSError
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var timeout net.Error
	var address *net.OpError
	switch {
	case errors.As(err, &moved):
		return moved.Error()
	case errors.As(err, &answer):
		return fmt.Sprintf("%s answered %d %s%s: %s", host, answer.StatusCode, http.StatusText(answer.StatusCode), codes(answer), pushAdvice(host, answer.StatusCode))
	case errors.As(err, &dns):
		return fmt.Sprintf("no address is known for %s: check the name and the network", dns.Name)
	case errors.As(err, &certificate), errors.As(err, &authority):
		return fmt.Sprintf("the certificate of %s is not trusted: add its authority to this machine's, or to the file that SSL_CERT_FILE names", host)
	case strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"), strings.Contains(err.Error(), errPlain.Error()):
		return fmt.Sprintf("%s does not speak https, and plain http is only for registries on this machine: give it a certificate", host)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("%s does not answer: check the address and the network", host)
	case errors.As(err, &address):
		return fmt.Sprintf("no registry answers at %s (%s): check the address, and that it runs", host, lastOf(address))
	}
	var request *url.Error
	if errors.As(err, &request) {
		err = request.Err
	}
	return oneLine(err).Error()
}

func codes(answer *transport.Error) string {
	if len(answer.Errors) == 0 {
		return ""
	}
	return " (" + string(answer.Errors[0].Code) + ")"
}

func pushAdvice(host string, status int) string {
	switch {
	case status == http.StatusUnauthorized:
		return "log in with: docker login " + host
	case status == http.StatusForbidden:
		return "this login may not push there; check its rights, or choose another repository"
	case status == http.StatusNotFound:
		return "create the repository there, and check that the address is a registry's"
	case status == http.StatusMethodNotAllowed:
		return "it takes no uploads; choose another registry"
	case status == http.StatusRequestEntityTooLarge:
		return "it does not take layers of this size"
	case status == http.StatusTooManyRequests || status >= 500:
		return "try again later"
	}
	return "it does not take this image"
}

// lastOf is the system's own reason of a network error, such as "connection refused".
func lastOf(err *net.OpError) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		return number
	}
	return err.Err
}

// oneLine is the error with its line ends taken out.
func oneLine(err error) error {
	text := err.Error()
	if !strings.ContainsAny(text, "\r\n") {
		return err
	}
	return errors.New(strings.Join(strings.Fields(text), " "))
}
