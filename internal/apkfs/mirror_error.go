package apkfs

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/patient"
)

// MirrorError is a mirror that could not be reached, or did not answer as it should.
type MirrorError struct {
	Err   error
	State string // what is known without the mirror
}

func (e *MirrorError) Error() string {
	return fmt.Sprintf("%v; %s. Three ways on: a lock with its packages in the cache (mkimage lock, where there is a network), "+
		"a folder of packages (mkimage vendor DIR there, then --alpine-mirror DIR here), or another mirror (--alpine-mirror URL)", e.Err, e.State)
}

func (e *MirrorError) Unwrap() error { return e.Err }

// ways makes a failure of the mirror an error that says how to go on. Others stay as they are.
func (s *Source) ways(err error, state string) error {
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

// releases lists the releases that a folder has for an architecture; a server is not asked.
func (s *Source) releases(arch string) []string {
	if s.mirror.base != nil {
		return nil
	}
	found, _ := filepath.Glob(filepath.Join(s.mirror.folder, "v*", repositories()[0], arch, indexFile)) // the pattern is a good one
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
