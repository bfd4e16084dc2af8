package apkfs

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/patient"
)

// MirrorError is the error of a mirror that cannot be reached, or that answers wrongly.
type MirrorError struct {
	Err   error
	State string // why the mirror is needed
}

func (e *MirrorError) Error() string {
	return fmt.Sprintf("%v; %s. Build from a lock with its packages in the cache (mkimage lock, while online), "+
		"from a folder (mkimage vendor DIR, while online; then --alpine-mirror DIR), or from another mirror (--alpine-mirror URL)", e.Err, e.State)
}

func (e *MirrorError) Unwrap() error { return e.Err }

// mirrorError returns a failure of the mirror as an error that says how to go on, and other errors unchanged.
func (s *Source) mirrorError(err error, state string) error {
	var answer *answerError
	var silent *patient.SilentError
	var why *patient.Failure
	away := []patient.Kind{patient.NoAddress, patient.Silent, patient.Refused, patient.Broken}
	switch {
	case errors.Is(err, context.Canceled), s.mirror.base == nil:
		return err
	case errors.As(err, &answer) && (answer.status >= 500 || patient.IsBusy(answer.status)), errors.As(err, &silent),
		errors.As(err, &why) && slices.Contains(away, why.Kind):
		return &MirrorError{err, state}
	}
	return err
}

// releases returns the releases in a folder for an architecture, or nil for a server.
func (s *Source) releases(arch string) []string {
	if s.mirror.base != nil {
		return nil
	}
	found, _ := filepath.Glob(filepath.Join(s.mirror.folder, "v*", repositories()[0], arch, indexFile)) // the pattern is valid
	var releases []string
	for _, file := range found {
		release, err := filepath.Rel(s.mirror.folder, file)
		if err == nil {
			for dir := filepath.Dir(release); dir != "."; dir = filepath.Dir(dir) {
				release = dir
			}
			releases = append(releases, release)
		}
	}
	slices.Sort(releases)
	return slices.Compact(releases)
}
