package buildkit

import (
	"context"
	"time"
)

// Reach connects to a builder and returns its version.
func Reach(ctx context.Context, address string, tls TLS, patience time.Duration) (version string, err error) {
	if err := CheckAddress(address, tls); err != nil {
		return "", err
	}
	if err := tls.read(); err != nil {
		return "", err
	}
	b := &builder{address: address, tls: tls, patience: patience}
	if _, err := b.connect(ctx); err != nil {
		return "", err
	}
	return b.version, b.close()
}
