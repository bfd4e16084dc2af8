package apkfs

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
)

// downloads is the number of packages that are fetched at the same time.
const downloads = 6

// fetch returns the bytes of a package, verified, from the cache or the mirror. Concurrent calls share one download;
// the caller that made it also gets the unpacked package, as it was unpacked to be verified.
func (s *Source) fetch(ctx context.Context, w World, pin images.Pin, missed func()) ([]byte, *unpacked, error) {
	raw, fresh, err := s.fetchAs(ctx, w, pin, missed, cache.Key(pin.Checksum, pin.Signer, strconv.FormatInt(pin.Size, 10)))
	if err != nil || pin.SHA256 == "" || hexSum(raw) == pin.SHA256 {
		return raw, fresh, err
	}
	// The cached one came from another mirror, signed with another key of the same name.
	return s.fetchAs(ctx, w, pin, missed, cache.Key(pin.Checksum, pin.SHA256))
}

func (s *Source) fetchAs(ctx context.Context, w World, pin images.Pin, missed func(), key string) ([]byte, *unpacked, error) {
	var fresh *unpacked
	found, err, shared := s.flights.Do(key, func() (any, error) {
		return s.store.Do("apk", key, func() ([]byte, error) {
			missed()
			raw, made, err := s.download(ctx, w, pin)
			fresh = made
			return raw, err
		})
	})
	if shared && errors.Is(err, context.Canceled) && ctx.Err() == nil { // the other image, which fetched it, was given up
		return s.fetchAs(ctx, w, pin, missed, key)
	}
	if err != nil {
		return nil, nil, err
	}
	return found.([]byte), fresh, nil
}

func hexSum(raw []byte) string {
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}

func (s *Source) download(ctx context.Context, w World, pin images.Pin) ([]byte, *unpacked, error) {
	at := w.at(pin.Repository, pin.String()+".apk")
	raw, err := s.mirror.get(ctx, at, pin.Size)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, s.moved(ctx, w, pin)
	}
	if err != nil {
		return nil, nil, err
	}
	p, err := unpack(raw, pin)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", s.mirror.full(at), err)
	}
	return raw, p, nil
}

// moved returns an error for a package that the mirror no longer has: it names the version that the mirror has now.
func (s *Source) moved(ctx context.Context, w World, pin images.Pin) error {
	text := fmt.Sprintf("the Alpine mirror %s has no %s for %s", s.mirror.full(""), pin, w.arch())
	var found *index
	fetched, err := s.fetchIndex(ctx, w, pin.Repository)
	if err == nil {
		found, err = s.readIndex(w, fetched)
	}
	if err == nil {
		for _, p := range found.packages {
			if p.Name == pin.Name && p.Version != pin.Version {
				return fmt.Errorf("%s any more: it moved to %s; make a new lock with mkimage lock, or build from a vendored folder (--alpine-mirror DIR)", text, p.Version)
			}
		}
	}
	return errors.New(text)
}

// fetchAll returns the packages of all pins, in their order.
func (s *Source) fetchAll(ctx context.Context, w World, pins []images.Pin) ([]*unpacked, error) {
	packages := make([]*unpacked, len(pins))
	var missed atomic.Int32
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(downloads)
	for i, pin := range pins {
		group.Go(func() error {
			raw, fresh, err := s.fetch(ctx, w, pin, func() { missed.Add(1) })
			if err == nil && fresh == nil {
				fresh, err = unpack(raw, pin)
			}
			packages[i] = fresh
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return nil, s.mirrorError(err, fmt.Sprintf("at least %d of the %d packages were not in the cache", missed.Load(), len(pins)))
	}
	return packages, nil
}

// own returns a package as this mirror has it, for a lock: not one that the cache has from another mirror, whose key has
// the same name. Their control parts and files are equal, and their signatures differ.
func (s *Source) own(ctx context.Context, w World, pin images.Pin) ([]byte, error) {
	raw, _, err := s.fetch(ctx, w, pin, func() {})
	if err != nil {
		return nil, err
	}
	keys, err := s.trusted(w.arch())
	if err != nil {
		return nil, err
	}
	control, _, err := verifyPackage(raw, pin)
	if err != nil {
		return nil, err
	}
	made, err := signatures(raw)
	if err != nil {
		return nil, err
	}
	key := keys[pin.Signer]
	if !slices.ContainsFunc(made, func(one signature) bool { return one.name == pin.Signer && one.verify(control, key) != nil }) {
		return raw, nil
	}
	raw, _, err = s.fetchAs(ctx, w, pin, func() {}, cache.Key(pin.Checksum, "signed by", hexSum(key)))
	return raw, err
}

// Pin fetches the packages and returns their pins with the SHA-256 of each, for a lock.
func (s *Source) Pin(ctx context.Context, w World, pins []images.Pin) ([]images.Pin, error) {
	pinned := slices.Clone(pins)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(downloads)
	for i, pin := range pins {
		group.Go(func() error {
			raw, err := s.own(ctx, w, pin)
			if err != nil {
				return err
			}
			pinned[i].SHA256 = hexSum(raw)
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		return nil, s.mirrorError(err, "a lock needs every package once")
	}
	return pinned, nil
}
