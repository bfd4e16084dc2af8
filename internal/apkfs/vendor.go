package apkfs

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/atomicfile"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// Vendor copies the locked packages, and the signed indexes that list them, into a folder that stays a mirror of them.
// It adds to the folder.
func (s *Source) Vendor(ctx context.Context, dir string, w World, pins []images.Pin) error {
	indexes, err := s.allIndexes(ctx, w)
	if err != nil {
		return s.mirrorError(err, "a folder needs the index that lists the locked packages")
	}
	if err := listed(indexes, w, pins); err != nil {
		return err
	}
	for _, pin := range pins {
		raw, _, err := s.fetch(ctx, w, pin, func() {})
		if err != nil {
			return s.mirrorError(err, "a folder needs every package")
		}
		if _, err := unpack(raw, pin); err != nil {
			return err
		}
		if err := keep(dir, w.at(pin.Repository, pin.String()+".apk"), raw); err != nil {
			return err
		}
	}
	for _, found := range indexes { // last, so that a folder with an index has its packages
		if err := keep(dir, w.at(found.repository, indexFile), found.raw); err != nil {
			return err
		}
	}
	return nil
}

// listed returns an error for packages that the indexes no longer list: they could not be resolved from the folder.
func listed(indexes []*index, w World, pins []images.Pin) error {
	now := map[string]string{} // repository and name-version -> checksum
	for _, found := range indexes {
		for _, p := range found.packages {
			now[found.repository+"/"+p.Name+"-"+p.Version] = p.ChecksumString()
		}
	}
	var mistakes []error
	for _, pin := range pins {
		if sum, ok := now[pin.Repository+"/"+pin.String()]; !ok || sum != pin.Checksum {
			mistakes = append(mistakes, fmt.Errorf("%s for %s is locked, but the mirror no longer lists it; make a new lock with mkimage lock", pin, w.arch()))
		}
	}
	return errors.Join(mistakes...)
}

// keep writes a file into the folder.
func keep(dir, name string, raw []byte) error {
	path := filepath.Join(dir, filepath.FromSlash(name))
	err := atomicfile.File(path, func(f *os.File) error {
		_, err := f.Write(raw)
		return err
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", path, human.Reason(err))
	}
	return nil
}
