package buildkit_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
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

// issue writes a certificate and its key, and returns their files.
func (a authority) issue(t *testing.T, name string) (cert, key string) {
	t.Helper()
	own, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	content, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: name}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
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
	ours, other := newAuthority(t), newAuthority(t)
	serverCert, serverKey := ours.issue(t, "server")
	cert, key := ours.issue(t, "client")
	otherCert, otherKey := other.issue(t, "client")
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
		{"no such file", buildkit.TLS{CA: filepath.Join(ours.dir, "none.pem")}, "no such file"},
		{"without TLS", buildkit.TLS{}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			e := open(t, buildkit.Options{Builders: []string{address}, TLS: test.tls})
			_, err := e.Build(t.Context(), plans(t, "x"))
			if test.name == "without TLS" {
				if err == nil || !strings.Contains(err.Error(), "no builder can be reached at "+address) {
					t.Errorf("got %v", err)
				}
				return
			}
			if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
		})
	}
}
