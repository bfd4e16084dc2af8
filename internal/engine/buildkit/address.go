package buildkit

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"github.com/moby/buildkit/client"
	_ "github.com/moby/buildkit/client/connhelper/dockercontainer" // docker-container://
	_ "github.com/moby/buildkit/client/connhelper/kubepod"         // kube-pod://
	_ "github.com/moby/buildkit/client/connhelper/ssh"             // ssh://
)

// TLS names the files with which tcp:// builders are reached: who signs their certificates, and the certificate and
// key that this client shows them. All are PEM.
type TLS struct{ CA, Cert, Key string }

func schemes() []string {
	return []string{"unix", "tcp", "docker-container", "kube-pod", "ssh"}
}

// CheckAddress returns an error for what is not the address of a builder:
//
//	unix:///run/buildkit/buildkitd.sock
//	tcp://HOST:PORT                          with TLS, unless HOST is this machine
//	docker-container://CONTAINER             through "docker exec"
//	kube-pod://POD?namespace=NS              through "kubectl exec"
//	ssh://USER@HOST                          through "ssh", where buildctl must be installed
func CheckAddress(address string, tls TLS) error {
	parsed, err := url.Parse(address)
	if err != nil || !slices.Contains(schemes(), parsed.Scheme) {
		return fmt.Errorf("builder %q: want an address that begins with one of %s://", address, strings.Join(schemes(), "://, "))
	}
	switch parsed.Scheme {
	case "unix":
		if parsed.Host != "" || parsed.Path == "" {
			return fmt.Errorf("builder %s: want unix:///PATH, with three slashes", address)
		}
	case "tcp":
		if parsed.Port() == "" || parsed.Hostname() == "" {
			return fmt.Errorf("builder %s: want tcp://HOST:PORT", address)
		}
		if tls == (TLS{}) && parsed.Hostname() != "localhost" && !net.ParseIP(parsed.Hostname()).IsLoopback() {
			return fmt.Errorf("builder %s: without TLS, everybody on the way could read images and logins; give --builder-tls-ca, --builder-tls-cert and --builder-tls-key", address)
		}
	default:
		if parsed.Host == "" {
			return fmt.Errorf("builder %s: want %s://NAME", address, parsed.Scheme)
		}
	}
	return nil
}

// Check returns an error for files that do not make sense together.
func (t TLS) Check() error {
	if (t.Cert == "") != (t.Key == "") {
		return errors.New("a client's certificate and its key go together: --builder-tls-cert and --builder-tls-key")
	}
	return nil
}

// hint returns what may be behind an error of a connection with TLS: a daemon that does not like the client's certificate
// breaks it off, and often there is no more to be seen on this side (RFC 8446, 4.4.2.4).
func (t TLS) hint(err error) string {
	brokenOff := slices.ContainsFunc([]string{"broken pipe", "connection reset", "EOF", "remote error: tls", "certificate required"}, func(word string) bool {
		return strings.Contains(err.Error(), word)
	})
	switch {
	case !brokenOff || t == TLS{}:
		return ""
	case t.Cert == "":
		return " (does it want a certificate of this client? give --builder-tls-cert and --builder-tls-key)"
	}
	return " (does it trust the certificate of --builder-tls-cert?)"
}

// options returns how an address is dialled.
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
