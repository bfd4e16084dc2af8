package buildkit

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// Schemes returns how addresses of builders begin.
func Schemes() []string {
	return []string{"unix://", "tcp://", "docker-container://", "kube-pod://", "ssh://"}
}

// CheckAddress returns an error for a text that is not the address of a builder:
//
//	unix:///run/buildkit/buildkitd.sock
//	tcp://HOST:PORT                          with TLS, unless HOST is this machine
//	docker-container://CONTAINER             through "docker exec"; takes ?context=
//	kube-pod://POD?namespace=NS              through "kubectl exec"; takes ?context=, ?namespace= and ?container=
//	ssh://USER@HOST:PORT/SOCKET              through "ssh", where buildctl must be installed; all but HOST may be left out
func CheckAddress(address string, tls TLS) error {
	shown := withoutPassword(address)
	parsed, err := url.Parse(address)
	if err != nil || !slices.Contains(Schemes(), parsed.Scheme+"://") {
		return fmt.Errorf("builder %q: want an address that begins with one of %s", shown, strings.Join(Schemes(), ", "))
	}
	switch parsed.Scheme {
	case "unix":
		if parsed.Host != "" || parsed.Path == "" {
			return fmt.Errorf("builder %s: want unix:///PATH, with three slashes", shown)
		}
	case "tcp":
		if parsed.Port() == "" || parsed.Hostname() == "" || *parsed != (url.URL{Scheme: "tcp", Host: parsed.Host}) {
			return fmt.Errorf("builder %s: want tcp://HOST:PORT", shown)
		}
		if tls == (TLS{}) && parsed.Hostname() != "localhost" && !net.ParseIP(parsed.Hostname()).IsLoopback() {
			return fmt.Errorf("builder %s: without TLS, others on the network could read images and logins; give --builder-tls-ca, --builder-tls-cert and --builder-tls-key", shown)
		}
	default:
		if parsed.Host == "" {
			return fmt.Errorf("builder %s: want %s://NAME", shown, parsed.Scheme)
		}
		if err := checkThrough(parsed); err != nil {
			return fmt.Errorf("builder %s: %w", shown, err)
		}
	}
	return nil
}

// withoutPassword returns an address without USER:PASSWORD@. That is no login here, but users may try it.
func withoutPassword(address string) string {
	scheme, rest, _ := strings.Cut(address, "://")
	at := strings.LastIndex(rest, "@")
	if user, _, found := strings.Cut(rest[:max(at, 0)], ":"); found {
		return scheme + "://" + user + ":***" + rest[at:]
	}
	return address
}
