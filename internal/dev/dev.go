// Package dev keeps an action running while it is edited: it starts the image of a definition, inits it with the
// action, runs it with a value, and does so again whenever a file changes.
//
//	err := dev.Run(ctx, dev.Options{Define: load, Build: options, Screen: screen})
//
// The image is built without the action, which comes as an upload, so that a change of a function needs no build. A
// program in Go is compiled and gets a container of its own, since it takes the place of the proxy.
package dev

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/build"
)

// Options are the action to keep running, and its surroundings.
type Options struct {
	Define func() (images.Definition, error) // reads the definition, also anew
	Build  build.Options                     // how its image is built
	Value  string                            // the file of the value that it is run with; "" for the one beside the action, or none
	Local  bool                              // on this machine, without an engine
	Port   int                               // of this machine; 0 for any that is free
	Screen *Screen
}

// patienceWithOld is the time that an answer of the former code may take when there is new code, beside that of the last init, which a
// folder of many files makes long.
const patienceWithOld = time.Second

// session keeps an action running.
type session struct {
	Options
	definition  images.Definition
	image       image          // starts places; nil until it is built
	current     place          // where the action runs, or nil
	spare       <-chan started // the next place, for actions that need one each; or nil
	stuck       bool           // the current place is busy with former code
	initialized bool           // the current place has code
	waiting     atomic.Bool    // for an answer of the action
	initTook    atomic.Int64   // nanoseconds of the last init that was answered
	code        string         // the code that was sent last, or ""
	shown       string         // the code and the value of the last answer
	leaving     sync.WaitGroup // places that end
	front       *front
	watcher     *watcher
	prefix      string // of the names of temporary folders
}

// Run runs until the context ends, which is no failure, and then cleans up.
func Run(ctx context.Context, options Options) (err error) {
	s := &session{Options: options}
	release := s.own()
	defer release()
	if s.front, err = listen(options.Port); err != nil {
		return err
	}
	defer s.front.close()
	if s.watcher, err = watch(); err != nil {
		return err
	}
	defer s.watcher.close()
	defer func() { err = errors.Join(err, s.end()) }()
	if err := s.prepare(ctx); err != nil {
		if ctx.Err() != nil {
			return nil
		}
		return err
	}
	s.Screen.note("it is reached at %s (mkimage invoke %s --no-init); Ctrl-C ends it", s.front.url, s.front.url)
	return s.loop(ctx)
}

// thisMachine is the place of temporary folders, for the cache's list of owners.
const thisMachine = "this machine"

// foldersOf returns the prefix of the names of an owner's temporary folders.
func foldersOf(owner string) string { return "mkimage-dev-" + owner + "-" }

// own removes the temporary folders that killed processes have left, and makes others removable likewise.
func (s *session) own() (release func()) {
	for _, killed := range s.Build.Cache.Killed(thisMachine) {
		left, _ := filepath.Glob(filepath.Join(os.TempDir(), foldersOf(killed)+"*")) // the pattern is a good one
		for _, dir := range left {
			_ = os.RemoveAll(dir) // the system removes it some day
		}
		s.Build.Cache.Forget(killed)
	}
	owner, release := s.Build.Cache.Alive(thisMachine)
	s.prefix = foldersOf(owner)
	return release
}

// loop serves changes, one after the other. A cycle that still waits for an answer of former code is cut off.
func (s *session) loop(ctx context.Context) error {
	began := time.Now()
	for {
		cycle, cut := context.WithCancel(ctx)
		done := make(chan struct{})
		go func(began time.Time) { defer close(done); s.cycle(cycle, began) }(began)
		select {
		case <-done:
			select {
			case began = <-s.watcher.changed:
			case <-ctx.Done():
			}
		case began = <-s.watcher.changed:
			s.await(ctx, done)
		case <-ctx.Done():
		}
		cut()
		<-done
		if ctx.Err() != nil {
			return nil
		}
	}
}

// await waits for a cycle that began before the last change, unless that cycle waits for the action.
func (s *session) await(ctx context.Context, done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case <-ctx.Done():
			return
		case <-time.After(patienceWithOld + time.Duration(s.initTook.Load())):
			if s.waiting.Load() {
				s.Screen.note("the former code still runs, and is cut off")
				return
			}
		}
	}
}

// end removes everything.
func (s *session) end() error {
	var failures []error
	if s.spare != nil {
		if next := <-s.spare; next.place != nil {
			failures = append(failures, next.place.stop())
		}
	}
	if s.current != nil {
		failures = append(failures, s.current.stop())
	}
	s.leaving.Wait()
	if s.image != nil {
		failures = append(failures, s.image.remove())
	}
	return errors.Join(failures...)
}

// leave stops a place in the background.
func (s *session) leave(former place) {
	if former != nil {
		s.leaving.Go(func() { s.Screen.problem(former.stop()) })
	}
}
