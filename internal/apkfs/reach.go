package apkfs

import (
	"context"
	"path"
)

// Where returns the address of the mirror, without a password.
func (s *Source) Where() string { return s.mirror.full("") }

// Reach returns why a release cannot be had from the mirror, or nil. The index is not verified.
func (s *Source) Reach(ctx context.Context, release string) error {
	_, err := s.mirror.get(ctx, path.Join(release, "main", "x86_64", indexFile), maxIndex)
	return err
}
