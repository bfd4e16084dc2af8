package images

import (
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// Step is a script that is run when an image is built. Its changes become a layer. Only builders run steps.
type Step struct {
	// The script for /bin/sh, run as root with the image's environment; it ends with the first command that fails.
	Script string `json:"script"`
	// Alpine packages that are there while the script runs, and are not in the image.
	Packages []string `json:"packages,omitempty"`
	// Whether the script may use the network.
	Network bool `json:"network,omitempty"`
	// Folders that a builder keeps from build to build, and that are not in the image.
	Cache []string `json:"cache,omitempty"`
	// Files and folders beside the definition, which the script finds in /run/files and cannot change.
	Files []string `json:"files,omitempty"`
	// Files /run/secrets/NAME that only the script sees, each with its source: env:VARIABLE or file:PATH.
	Secrets map[string]string `json:"secrets,omitempty"`
}

const (
	cachePattern  = `^(?:/\.?[A-Za-z0-9_][A-Za-z0-9._-]*)+$`
	secretPattern = `^[A-Za-z0-9_][A-Za-z0-9._-]*$`
	sourcePattern = `^(?:env:[A-Za-z_][A-Za-z0-9_]*|file:.+)$`
)

// Steps is a list of steps. A decoder of YAML, such as the decoder of a stemcell, reads it as it reads run: of a
// definition.
type Steps []Step

// UnmarshalYAML implements yaml.NodeUnmarshaler. The error joins an [*Error] without a file for each mistake.
func (s *Steps) UnmarshalYAML(node ast.Node) error {
	r := &reader{}
	*s = r.steps(node)
	return r.failed()
}

func checkScript(text string) string {
	if strings.ContainsRune(text, 0) {
		return "the script has a NUL character"
	}
	return ""
}

func checkCache(text string) (problem, near string) {
	taken := slices.ContainsFunc([]string{"/proc/", "/sys/", "/dev/", "/run/secrets/", "/run/files/"}, func(dir string) bool { return strings.HasPrefix(text+"/", dir) })
	if !Matches(cachePattern, text) || taken || text == "/tmp" {
		return fmt.Sprintf("%q cannot be a folder to keep; want a path such as /root/.cache", text), ""
	}
	return "", ""
}

func checkFile(text string) (problem, near string) {
	if problem, near = checkPath(text); problem != "" {
		return problem, near
	}
	if clean := path.Clean(text); clean == "." || !fs.ValidPath(clean) || strings.ContainsRune(text, 0) || strings.TrimSuffix(text, "/") != clean {
		return fmt.Sprintf("%q is not a path beside the definition; want one such as requirements.txt or wheels/, without .. in it", text), ""
	}
	return "", ""
}

func checkSecret(name, source string) string {
	switch {
	case !Matches(secretPattern, name):
		return fmt.Sprintf("%q cannot be the name of a secret, which is that of a file", name)
	case !Matches(sourcePattern, source):
		return fmt.Sprintf("secret %s: %q is not env:VARIABLE or file:PATH", name, source)
	}
	return ""
}

// steps returns a list of steps.
func (r *reader) steps(node ast.Node) []Step {
	sequence, ok := node.(*ast.SequenceNode)
	if !ok {
		r.failAt(node, "want a list of steps such as - script: gem install rack, got %s", kind(node))
		return nil
	}
	var steps []Step
	for _, value := range sequence.Values {
		steps = append(steps, r.step(value))
	}
	return steps
}

func (r *reader) step(node ast.Node) Step {
	var s Step
	fields := map[string]func(ast.Node){
		"script": func(n ast.Node) {
			s.Script = r.word(n, func(text string) (string, string) { return checkScript(text), "" })
		},
		"packages": func(n ast.Node) { s.Packages = r.list(n, "[build-base]", checkPackage) },
		"network":  func(n ast.Node) { s.Network = r.truth(n) },
		"cache":    func(n ast.Node) { s.Cache = r.list(n, "[/root/.cache]", checkCache) },
		"files":    func(n ast.Node) { s.Files = r.list(n, "[requirements.txt, wheels/]", checkFile) },
		"secrets":  func(n ast.Node) { s.Secrets = r.pairs(n, "{TOKEN: env:TOKEN}", checkSecret) },
	}
	entries := mapping(node)
	if entries == nil {
		r.failAt(node, "want a step such as script: gem install rack, got %s", kind(node))
		return s
	}
	seen := map[string]*ast.MappingValueNode{}
	for _, entry := range entries.Values {
		key, ok := r.key(entry, seen)
		if !ok {
			continue
		}
		read, known := fields[key]
		if !known {
			r.unknown(entry.Key, fmt.Sprintf("unknown key %q of a step", key), key, slices.Sorted(maps.Keys(fields)))
			continue
		}
		read(entry.Value)
	}
	if seen["script"] == nil || strings.TrimSpace(s.Script) == "" && len(r.mistakes) == 0 {
		r.failAt(node, "a step needs a script, such as script: gem install --no-document rack")
	}
	return s
}

// truth returns true or false.
func (r *reader) truth(node ast.Node) bool {
	value, ok := node.(*ast.BoolNode)
	if !ok {
		r.failAt(node, "want true or false, got %s", kind(node))
		return false
	}
	return value.Value
}
