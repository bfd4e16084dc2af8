package stemcells

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/variable"
)

// definition is the file that makes a folder a stemcell.
const definition = "stemcell.yaml"

// read reads the stemcell in a folder whose name is name. shown is its file in messages.
func read(folder fs.FS, name, shown string) (Stemcell, error) {
	text, err := fs.ReadFile(folder, definition)
	if err != nil {
		return Stemcell{}, fmt.Errorf("%s: %w", shown, err)
	}
	stemcell := Stemcell{Protocol: "actionloop"}
	if err := images.Strict(shown, text, &stemcell); err != nil {
		return Stemcell{}, err
	}
	if err := stemcell.check(name); err != nil {
		return Stemcell{}, fmt.Errorf("%s: %w", shown, err)
	}
	stemcell.content = map[string][]byte{}
	for _, file := range stemcell.sources() {
		content, err := fs.ReadFile(folder, file)
		if err != nil {
			return Stemcell{}, fmt.Errorf("%s: %w", shown, err)
		}
		stemcell.content[file] = content
	}
	return stemcell, nil
}

// sources returns the files of the folder that go into the image.
func (s Stemcell) sources() []string {
	if s.Launcher == "" {
		return nil
	}
	return append([]string{s.Launcher}, s.Files...)
}

// check returns every mistake of the definition, joined.
func (s Stemcell) check(folder string) error {
	var mistakes []error
	wrong := func(format string, args ...any) { mistakes = append(mistakes, fmt.Errorf(format, args...)) }
	if s.Name != folder || !images.Matches(`^[a-z][a-z0-9-]*$`, s.Name) {
		wrong("name is %q; it must be that of the folder, lower case letters, digits and -", s.Name)
	}
	if !slices.Contains([]string{"actionloop", "v1", "v0"}, s.Protocol) {
		wrong("protocol is %q; there are actionloop, v1 and v0", s.Protocol)
	}
	if s.Launcher == "" && len(s.Files)+len(s.Main) > 0 {
		wrong("files and main mean nothing without a launcher")
	}
	for _, file := range s.sources() {
		if !plain(file) || file == "stemcell" || file == definition {
			wrong("%q cannot be put beside the launcher; want the name of a file of the folder", file)
		}
	}
	for _, file := range s.Main {
		if !plain(file) {
			wrong("main: %q is not the name of a file", file)
		}
	}
	for name, value := range s.Env {
		if !images.Matches(`^[A-Za-z_][A-Za-z0-9_]*$`, name) {
			wrong("env: %q cannot be the name of an environment variable", name)
		}
		if allowed := variable.Allowed(name, value); allowed != "" {
			wrong("env: %s", variable.Refusal(name, value, allowed))
		}
	}
	if slices.ContainsFunc(s.Run, func(step images.Step) bool { return len(step.Files) > 0 }) {
		wrong("run: files lie beside a definition, so only its steps can have them")
	}
	for _, place := range slices.Concat(s.Bytecode, s.Source) {
		if problem := checkPattern(place); problem != "" {
			wrong("bytecode: %s", problem)
		}
	}
	for _, trim := range s.Trim {
		if problem := checkPattern(trim.Path); problem != "" {
			wrong("trim: %s", problem)
		}
		if _, err := images.ParseSize(trim.Saves); err != nil {
			wrong("trim: %s saves %w", trim.Path, err)
		}
	}
	return errors.Join(mistakes...)
}

// checkPattern returns why a pattern cannot be one of paths, or "".
func checkPattern(pattern string) string {
	if !fs.ValidPath(pattern) || pattern == "." || strings.Trim(pattern, "*/") == "" {
		return fmt.Sprintf("%q is not a path below the root, without a leading slash", pattern)
	}
	if _, err := path.Match(pattern, ""); err != nil {
		return fmt.Sprintf("%q is not a pattern: %v", pattern, err)
	}
	return ""
}

// plain reports whether a name is the name of a file in one folder, of characters that need no quotes anywhere.
func plain(name string) bool { return images.Matches(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`, name) }
