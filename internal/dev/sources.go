package dev

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/gobuild"
)

// actionPath returns where the action of a definition is.
func actionPath(definition images.Definition) string { return definition.Beside(definition.Action) }

// valueFile returns the file of the value for runs: the named one, else the one beside the action with its name, else
// "".
func (s *session) valueFile() string {
	if s.Value != "" {
		return s.Value
	}
	if _, err := os.Stat(s.valueBeside()); err == nil {
		return s.valueBeside()
	}
	return ""
}

// valueBeside returns where a value beside the action would be: greet.json beside greet.sh.
func (s *session) valueBeside() string {
	path := actionPath(s.definition)
	return strings.TrimSuffix(path, filepath.Ext(path)) + ".json"
}

var errNoAction = errors.New("the image brings no action: name one with --action PATH, or with action: in its definition")

// read reads the definition, and watches its files.
func (s *session) read() error {
	definition, err := s.Define()
	if err != nil {
		return err
	}
	if definition.Action == "" {
		return fmt.Errorf("%s: %w", definition.Name, errNoAction)
	}
	s.definition = definition
	s.Screen.show(namesOf(actionPath(definition), s.prefix))
	return s.watcher.follow(s.files(), s.folders())
}

// files returns the files whose changes count.
func (s *session) files() []string {
	files := []string{s.definition.File, s.definition.LockFile(), cmp.Or(s.Value, s.valueBeside())}
	if stat, err := os.Stat(actionPath(s.definition)); err != nil || !stat.IsDir() {
		files = append(files, actionPath(s.definition))
	}
	return files
}

// folders returns the folders in which every change counts: the action's own, or its module.
func (s *session) folders() []string {
	path := actionPath(s.definition)
	if stat, err := os.Stat(path); err != nil || !stat.IsDir() {
		return nil
	}
	whole, err := filepath.Abs(path)
	if err != nil {
		return []string{path}
	}
	if root, err := gobuild.ModuleRoot(whole); err == nil {
		return []string{root}
	}
	return []string{whole}
}
