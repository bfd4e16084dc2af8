package patient

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestExplain holds what is said of each kind of error, as net/http wraps it.
func TestExplain(t *testing.T) {
	system := func(op string, number syscall.Errno) error {
		return &net.OpError{Op: op, Net: "tcp", Err: os.NewSyscallError(op, number)}
	}
	untrusted := &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	tests := []struct {
		err  error
		kind Kind
		want string
	}{
		{&net.OpError{Op: "dial", Err: &net.DNSError{Name: "h.example.org", IsNotFound: true}}, NoAddress, "no address is known for h.example.org"},
		{system("dial", syscall.ECONNREFUSED), Refused, "nobody answers at h:1 (connection refused)"},
		{system("dial", syscall.EHOSTUNREACH), Refused, "nobody answers at h:1 (no route to host)"},
		{system("dial", syscall.ETIMEDOUT), Silent, "h:1 does not answer"},
		{&SilentError{time.Second}, Silent, "h:1 does not answer"},
		{errors.Join(&url.Error{Op: "Get", URL: "x", Err: io.EOF}, &SilentError{time.Second}), Silent, "h:1 does not answer"},
		{system("read", syscall.ECONNRESET), Broken, "h:1 breaks the connection off"},
		{io.EOF, Broken, "h:1 breaks the connection off"},
		{io.ErrUnexpectedEOF, Broken, "h:1 breaks the connection off"},
		{&tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{}, Host: "h"}}, OtherName, "the certificate of h:1 is for another name"},
		{x509.CertificateInvalidError{Reason: x509.Expired}, Expired, "the certificate of h:1 has expired, or this machine's clock is wrong"},
		{untrusted, Untrusted, "the certificate of h:1 is not trusted"},
		{http.ErrSchemeMismatch, NoTLS, "h:1 does not speak https"},
		{tls.RecordHeaderError{Msg: "first record does not look like a TLS handshake"}, NoTLS, "h:1 does not speak https"},
		{errors.New(`malformed HTTP response "SSH-2.0"`), NoHTTP, "h:1 does not speak http"},
		{errors.New("another\n error"), Other, "another error"},
		{fmt.Errorf("read the login: %w", &os.PathError{Op: "open", Path: "x", Err: syscall.ENOENT}), Other, "read the login: open x: no such file or directory"},
	}
	for _, test := range tests {
		for _, err := range []error{test.err, &url.Error{Op: "Get", URL: "https://secret", Err: test.err}, fmt.Errorf("try: %w", test.err)} {
			got := Explain("h:1", err)
			if got.Kind != test.kind || test.kind != Other && got.Error() != test.want || !errors.Is(got, test.err) && test.kind == Broken {
				t.Errorf("%v: got %d, %q, want %d, %q", err, got.Kind, got, test.kind, test.want)
			}
			if strings.Contains(got.Error(), "secret") {
				t.Errorf("%q tells the URL", got)
			}
		}
		if got := Explain("h:1", test.err).Error(); got != test.want {
			t.Errorf("got %q, want %q", got, test.want)
		}
	}
}
