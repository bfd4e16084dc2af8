package buildkit_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/engine/buildkit/daemontest"
)

// authority signs certificates for 127.0.0.1.
type authority struct {
	dir  string
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

// file is where the certificate of the authority is.
func (a authority) file() string { return filepath.Join(a.dir, "ca.pem") }

func newAuthority(t *testing.T) authority {
	t.Helper()
	a := authority{dir: t.TempDir()}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	a.cert = &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "an authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	content, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	writePEM(t, a.file(), "CERTIFICATE", content)
	return a
}

// issue writes a certificate and its key, and returns their files. It ends in some hours; a negative number makes one
// that has expired.
func (a authority) issue(t *testing.T, name string, hours int) (cert, key string) {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	content, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-9 * time.Hour), NotAfter: time.Now().Add(time.Duration(hours) * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}, a.cert, &own.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	cert, key = filepath.Join(a.dir, name+".pem"), filepath.Join(a.dir, name+"-key.pem")
	writePEM(t, cert, "CERTIFICATE", content)
	writePEM(t, key, "PRIVATE KEY", secret)
	return cert, key
}

func writePEM(t *testing.T, file, kind string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: content}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestTLS reaches a daemon that shows a certificate and wants one.
func TestTLS(t *testing.T) {
	t.Parallel()
	ours, other := newAuthority(t), newAuthority(t)
	serverCert, serverKey := ours.issue(t, "server", 1)
	cert, key := ours.issue(t, "client", 1)
	oldCert, oldKey := ours.issue(t, "old", -1)
	otherCert, otherKey := other.issue(t, "client", 1)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := "tcp://" + listener.Addr().String()
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	// On its socket too, which tells when it is there.
	daemontest.Start(t, t.TempDir(), "--addr", address, "--tlscacert", ours.file(), "--tlscert", serverCert, "--tlskey", serverKey)

	for _, test := range []struct {
		name string
		tls  buildkit.TLS
		want string // part of the error, or ""
	}{
		{"both know each other", buildkit.TLS{CA: ours.file(), Cert: cert, Key: key}, ""},
		{"the daemon's authority is another", buildkit.TLS{CA: other.file(), Cert: cert, Key: key}, "certificate signed by unknown authority"},
		{"the system's authorities do not know the daemon's", buildkit.TLS{Cert: cert, Key: key}, "certificate signed by unknown authority"},
		{"no certificate of the client", buildkit.TLS{CA: ours.file()}, "does it want a certificate of this client?"},
		{"a certificate of somebody else", buildkit.TLS{CA: ours.file(), Cert: otherCert, Key: otherKey}, "does it trust the certificate of --builder-tls-cert?"},
		{"a certificate that has expired", buildkit.TLS{CA: ours.file(), Cert: oldCert, Key: oldKey}, "the certificate of --builder-tls-cert has expired: "},
		{"without TLS", buildkit.TLS{}, "(does it want TLS? give --builder-tls-ca"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := open(t, buildkit.Options{Builders: []string{address}, TLS: test.tls})
			_, err := e.Build(t.Context(), plans(t, "x"))
			if (err == nil) != (test.want == "") || err != nil && !(strings.Contains(err.Error(), test.want) && strings.Contains(err.Error(), address)) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// TestNoTLS reaches what is no daemon with a certificate that holds.
func TestNoTLS(t *testing.T) {
	t.Parallel()
	ours := newAuthority(t)
	oldCert, oldKey := ours.issue(t, "server", -1)
	pair, err := tls.LoadX509KeyPair(oldCert, oldKey)
	if err != nil {
		t.Fatal(err)
	}
	web := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	plain, old := httptest.NewServer(web), httptest.NewUnstartedServer(web)
	old.TLS, old.Config.ErrorLog = &tls.Config{Certificates: []tls.Certificate{pair}}, log.New(io.Discard, "", 0)
	old.EnableHTTP2 = true
	old.StartTLS()
	defer plain.Close()
	defer old.Close()
	for _, test := range []struct {
		name, address string
		tls           buildkit.TLS
		want          string
	}{
		{"no TLS there", plain.Listener.Addr().String(), buildkit.TLS{CA: ours.file()}, "(was it started without --tlscert?)"},
		{"a web server", plain.Listener.Addr().String(), buildkit.TLS{}, "(that is no BuildKit daemon)"},
		{"its certificate has expired", old.Listener.Addr().String(), buildkit.TLS{CA: ours.file()}, "certificate has expired or is not yet valid"},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := open(t, buildkit.Options{Builders: []string{"tcp://" + test.address}, TLS: test.tls})
			if _, err := e.Build(t.Context(), plans(t, "x")); err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}

// TestTLSFiles holds that unusable TLS files are reported before any builder is asked.
func TestTLSFiles(t *testing.T) {
	ours := newAuthority(t)
	cert, key := ours.issue(t, "client", 1)
	_, otherKey := ours.issue(t, "other", 1)
	none := filepath.Join(ours.dir, "none.pem")
	for _, test := range []struct {
		name string
		tls  buildkit.TLS
		want string
	}{
		{"no authority", buildkit.TLS{CA: none}, "--builder-tls-ca: open " + none + ": no such file"},
		{"an authority that is a key", buildkit.TLS{CA: key}, "--builder-tls-ca " + key + ": it holds no certificate in PEM"},
		{"no key", buildkit.TLS{Cert: cert, Key: none}, "open " + none + ": no such file"},
		{"another's key", buildkit.TLS{Cert: cert, Key: otherKey}, "--builder-tls-cert " + cert + " and --builder-tls-key " + otherKey + ": tls: private key does not match public key"},
		{"a folder as key", buildkit.TLS{Cert: cert, Key: ours.dir}, "is a directory"},
		{"the wrong way round", buildkit.TLS{Cert: key, Key: cert}, "--builder-tls-cert " + key},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := buildkit.New(buildkit.Options{Builders: []string{"tcp://127.0.0.1:1"}, TLS: test.tls})
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
