package wsk

import (
	"cmp"
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

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// maxReason is how much of a reason an error tells, in characters.
const maxReason = 300

// unreached says why there is no answer, and what to do.
func (c *Client) unreached(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		return ctx.Err()
	}
	return fmt.Errorf("%s: %s", doing, c.noAnswer(err))
}

func (c *Client) noAnswer(err error) string {
	var unknown *net.DNSError
	var certificate *tls.CertificateVerificationError
	var authority x509.UnknownAuthorityError
	var plain tls.RecordHeaderError
	var timeout net.Error
	var number syscall.Errno
	switch {
	case errors.As(err, &unknown):
		return fmt.Sprintf("no address is known for %s: check --apihost and the network", unknown.Name)
	case errors.As(err, &certificate), errors.As(err, &authority):
		return fmt.Sprintf("the certificate of %s is not trusted: name its authority in the file $SSL_CERT_FILE, or give --insecure-tls, as wsk -i", c.host)
	case errors.As(err, &plain), strings.Contains(err.Error(), "server gave HTTP response to HTTPS client"):
		return fmt.Sprintf("%s does not speak https: give --apihost http://%s if that is right", c.host, c.host)
	case errors.As(err, &timeout) && timeout.Timeout():
		return fmt.Sprintf("%s does not answer: check --apihost and the network", c.host)
	case errors.As(err, &number):
		return fmt.Sprintf("nobody answers at %s (%s): check --apihost, and that it runs", c.host, number)
	}
	var where *url.Error
	if errors.As(err, &where) {
		err = where.Err
	}
	return fmt.Sprintf("%s ended the connection without an answer (%s): try again", c.host, human.Excerpt(err.Error(), maxReason))
}

// refused says what the API answered, and what to do.
func (c *Client) refused(doing string, answer answer) error {
	if answer.status >= 300 && answer.status < 400 {
		return fmt.Errorf("%s: %s answered %d: give --apihost the host that it leads to, %s", doing, c.host, answer.status, cmp.Or(hostOf(answer.header.Get("Location")), "which it does not say"))
	}
	var said struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(answer.body, &said) != nil || said.Error == "" && answer.status < 400 {
		return fmt.Errorf("%s: %s answered %d, but not as OpenWhisk does: check --apihost", doing, c.host, answer.status)
	}
	message := fmt.Sprintf("%s: %s answered %d %s", doing, c.host, answer.status, http.StatusText(answer.status))
	if said.Error != "" {
		message += " (" + strings.TrimRight(human.Excerpt(said.Error, maxReason), ".") + ")"
	}
	return errors.New(message + ": " + advise(answer.status))
}

func advise(status int) string {
	switch {
	case status == http.StatusBadRequest:
		return "it does not take such an action; check its name, limits and parameters"
	case status == http.StatusUnauthorized:
		return "check the key: --auth, $WHISK_AUTH, or AUTH in .wskprops"
	case status == http.StatusForbidden:
		return "this key may not do that; check the namespace and the limits of its owner"
	case status == http.StatusNotFound:
		return "check the namespace, and create the package first: wsk package create PACKAGE"
	case status == http.StatusConflict:
		return "something else has this name, or changes at this moment: choose another name, or try again"
	case status == http.StatusRequestEntityTooLarge:
		return "the code is larger than this OpenWhisk takes (48 MB at most): bake it into the image with mkimage build --action"
	case status == http.StatusTooManyRequests || status >= 500:
		return "try again later"
	}
	return "it does not take this request"
}

// hostOf returns scheme and host of a URL, or "".
func hostOf(address string) string {
	parsed, err := url.Parse(address)
	if err != nil || parsed.Host == "" {
		return ""
	}
	return parsed.Scheme + "://" + parsed.Host
}
