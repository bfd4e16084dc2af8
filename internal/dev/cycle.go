package dev

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/action"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/invoke"
)

// longestRun is OpenWhisk's default limit for a run.
const longestRun = time.Minute

// platform is the platform of this machine.
func platform() images.Platform { return images.PlatformOf("linux", runtime.GOARCH, "") }

// prepare reads the definition and builds its image.
func (s *session) prepare(ctx context.Context) error {
	if err := s.read(); err != nil {
		return err
	}
	began := time.Now()
	made, err := s.build(ctx)
	if err != nil {
		return err
	}
	former := s.image
	s.image, s.initialized, s.code, s.shown = made, false, "", ""
	s.leave(s.current)
	s.current = nil
	if s.spare != nil {
		s.leave((<-s.spare).place)
		s.spare = nil
	}
	s.leaving.Wait()
	if former != nil {
		s.Screen.problem(former.remove())
	}
	s.Screen.note("%s: %s (%s)", s.definition.Name, made.where(), human.Duration(time.Since(began)))
	return nil
}

// cycle builds, inits and runs as the files require, and shows the result.
func (s *session) cycle(ctx context.Context, began time.Time) {
	err := s.refresh(ctx)
	if err == nil {
		err = s.run(ctx, began)
	}
	if err != nil && ctx.Err() == nil {
		s.Screen.fail(s.named(err))
		s.shown = "" // what mends it is answered, also where that is the former state
	}
}

// named returns an error with the names of the user's files in place of those in a container.
func (s *session) named(err error) error {
	path := actionPath(s.definition)
	text := reason(s.Screen.ours(err.Error()), path)
	if stat, statErr := os.Stat(path); statErr == nil && !stat.IsDir() && text == err.Error() && !strings.Contains(text, path) {
		text = path + ": " + text
	}
	return errors.New(text)
}

// refresh brings the current place up to the code in the files.
func (s *session) refresh(ctx context.Context) error {
	if fingerprint(s.definition.File)+fingerprint(s.definition.LockFile()) != s.watcher.definition {
		s.watcher.definition = fingerprint(s.definition.File) + fingerprint(s.definition.LockFile())
		if s.initialized || s.code != "" {
			if err := s.prepare(ctx); err != nil {
				return err
			}
		}
	}
	source, err := action.Open(actionPath(s.definition), action.Options{
		Toolchain: s.Build.Module.Toolchain(), Tags: s.Build.GoTags, LDFlags: s.Build.GoLDFlags, Store: s.Build.Cache, Stemcells: s.Build.Stemcells,
	})
	if err != nil {
		return err
	}
	code, err := upload(ctx, source)
	if err != nil {
		return err
	}
	sum := fmt.Sprintf("%x", sha256.Sum256(code))
	ended := s.current != nil && s.current.ended()
	if sum == s.code && s.initialized && !s.stuck && !ended {
		return nil
	}
	if err := s.renew(ctx, source.IsGo(), ended); err != nil {
		return err
	}
	s.code, s.shown, s.initialized, s.stuck = sum, "", false, true
	client := invoke.Client{URL: s.current.url(), Name: s.definition.Name, Main: s.main()}
	began := time.Now()
	if err := s.asking(func() error { return client.Start(ctx, code) }); err != nil {
		s.stuck = ctx.Err() != nil || s.current.ended()
		return err
	}
	s.initTook.Store(int64(time.Since(began)))
	s.initialized, s.stuck = true, false
	s.front.lead(s.current.url())
	if source.IsGo() {
		s.spare = startNext(s.image, s.Screen)
	}
	return nil
}

// asking notes that an answer of the action is awaited.
func (s *session) asking(ask func() error) error {
	s.waiting.Store(true)
	defer s.waiting.Store(false)
	return ask()
}

func (s *session) main() string {
	if s.definition.Main != "" {
		return s.definition.Main
	}
	return "main"
}

// renew puts the code into a place: the current one if that takes another init, else a new one.
func (s *session) renew(ctx context.Context, isGo, ended bool) error {
	if s.current != nil && !s.stuck && !ended && (!isGo || s.code == "") {
		return nil
	}
	next := s.spare
	if s.spare = nil; next == nil {
		next = startNext(s.image, s.Screen)
	}
	select {
	case made := <-next:
		if made.err != nil {
			return made.err
		}
		s.leave(s.current)
		s.current = made.place
		return nil
	case <-ctx.Done():
		s.spare = next
		return ctx.Err()
	}
}

// mostUpload is the size of the largest archive that the proxy takes, in bytes.
const mostUpload = 64 << 20

// upload returns the code as the content of an upload.
func upload(ctx context.Context, source *action.Source) ([]byte, error) {
	if !source.IsGo() && !source.IsFolder() {
		contents, err := source.Contents(ctx, []images.Platform{platform()})
		for _, content := range contents { // the one file
			return content, nil
		}
		return nil, err
	}
	packed, err := source.Pack(ctx, platform())
	if err != nil {
		return nil, err
	}
	if source.IsGo() { // a zip would take time, and save none here
		program, err := packed.Files[0].Open()
		if err != nil {
			return nil, err
		}
		defer program.Close()
		return io.ReadAll(program)
	}
	return action.Zip(packed.Files, mostUpload)
}

// run runs the action with the value, and shows its answer.
func (s *session) run(ctx context.Context, began time.Time) error {
	value, err := s.value()
	if err != nil {
		return err
	}
	sent := s.code + fmt.Sprintf("%x", sha256.Sum256(value))
	if sent == s.shown && !s.current.ended() {
		return nil // it was saved without a change
	}
	limited, cancel := context.WithTimeout(ctx, longestRun)
	defer cancel()
	late := time.AfterFunc(3*time.Second, func() { s.Screen.note("it still runs; save a change to cut it off") })
	defer late.Stop()
	s.stuck = true
	client := invoke.Client{URL: s.current.url(), Name: s.definition.Name}
	var answer invoke.Answer
	err = s.asking(func() (err error) {
		answer, err = client.Run(limited, value)
		return err
	})
	if err != nil {
		if limited.Err() != nil && ctx.Err() == nil {
			return fmt.Errorf("no answer within %s, which is as long as OpenWhisk waits", longestRun)
		}
		return err
	}
	s.stuck, s.shown = s.current.ended(), sent
	if err := answer.RunError(); err != nil {
		return err
	}
	s.Screen.answer(bytes.TrimSpace(answer.Body), answer.Took, time.Since(began))
	return nil
}

// value returns the value for runs.
func (s *session) value() (json.RawMessage, error) {
	file := s.valueFile()
	if file == "" {
		return invoke.Value(nil, nil)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read the value %s: %w", file, human.Reason(err))
	}
	value, err := invoke.Value(text, nil)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return value, nil
}

// fingerprint returns the facts that differ between two states of a file.
func fingerprint(file string) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return "none;"
	}
	return fmt.Sprintf("%x;", sha256.Sum256(text))
}
