package images

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/goccy/go-yaml/ast"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/variable"
)

const (
	// An image name is one component of a reference's path (OCI distribution specification, "Pulling manifests").
	namePattern = `^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$`
	maxName     = 100

	releasePattern  = `^v[0-9]+\.[0-9]+$`
	stemcellPattern = `^[a-z][a-z0-9-]*$`
	// A package as apk add takes it: a name and, if wanted, a constraint on the version.
	packagePattern  = `^[a-zA-Z0-9][a-zA-Z0-9+._-]*(?:(?:=|~|>=|<=|>|<)[0-9][a-z0-9._-]*)?$`
	variablePattern = `^[A-Za-z_][A-Za-z0-9_]*$`
)

// check refuses combinations of keys that make no image.
func (r *reader) check() {
	d := &r.definition
	for _, key := range []string{"name", "base"} {
		if r.keys[key] == nil {
			r.fail(1, 1, "the key %s is missing", key)
		}
	}
	if want := stem(r.file); d.Name != "" && (d.Name != want || !strings.HasSuffix(r.file, ".yaml")) {
		r.failAt(r.keys["name"].Value, "the image is named %q, so its file must be %s.yaml", d.Name, d.Name)
	}
	switch d.Base {
	case Scratch:
		r.checkScratch()
	case Alpine:
		if r.keys["alpine"] == nil {
			r.failAt(r.keys["base"], "base alpine needs the release: alpine: v3.22")
		}
	}
	r.checkEntrypoint()
	r.checkEnvironment()
	if entry := r.keys["platforms"]; entry == nil {
		d.Platforms, d.AnyPlatform = UsualPlatforms(), true
	} else if list, ok := entry.Value.(*ast.SequenceNode); ok && len(list.Values) == 0 {
		r.failAt(entry, "no platform; leave the key out to build for linux/amd64 and linux/arm64")
	}
}

// checkEnvironment refuses values with which the proxy would not start, and that hang on other keys.
func (r *reader) checkEnvironment() {
	d := &r.definition
	if d.Env["OW_LAUNCHER"] == "" { // else there may be stemcells that are none of mkimage's
		if allowed := variable.AllowedStemcell(d.Env["OW_STEMCELL"], d.Stemcells); allowed != "" {
			r.failAt(r.keys["env"], "%s", variable.Refusal("OW_STEMCELL", d.Env["OW_STEMCELL"], allowed))
		}
	}
	const skeletons = "FLASK_PROXY_PORT"
	if d.Env["OW_PROTOCOL"] == "v0" && d.Env["OW_PORT"] == "" {
		if allowed := variable.Allowed(skeletons, d.Env[skeletons]); allowed != "" {
			r.failAt(r.keys["env"], "%s", variable.Refusal(skeletons, d.Env[skeletons], allowed))
		}
	}
}

// checkScratch refuses keys that need Alpine packages, for an image on scratch.
func (r *reader) checkScratch() {
	d := &r.definition
	if r.keys["alpine"] != nil {
		r.failAt(r.keys["alpine"], "an Alpine release means nothing on base scratch; take base: alpine")
	}
	if len(d.Packages) > 0 {
		r.failAt(r.keys["packages"], "packages cannot be installed on base scratch; take base: alpine")
	}
	if len(d.Run) > 0 {
		r.failAt(r.keys["run"], "steps need a shell, which base scratch does not have; take base: alpine")
	}
	for i, stemcell := range d.Stemcells {
		if needs := r.known[stemcell]; len(needs) > 0 {
			list := r.keys["stemcells"].Value.(*ast.SequenceNode)
			r.failAt(list.Values[i], "stemcell %s needs Alpine packages (%s), which base scratch does not have; take base: alpine",
				stemcell, strings.Join(needs, ", "))
		}
	}
}

func checkName(text string) (problem, near string) {
	if len(text) > maxName || !Matches(namePattern, text) {
		return fmt.Sprintf("%q cannot be the name of an image: lower case letters and digits, with single . _ or - between them", text), ""
	}
	return "", ""
}

func checkLine(text string) (problem, near string) {
	if strings.ContainsFunc(text, unicode.IsControl) {
		return "want one line of text", ""
	}
	return "", ""
}

// checkPath refuses what is a path with folders on Windows alone.
func checkPath(text string) (problem, near string) {
	if strings.Contains(text, `\`) {
		return fmt.Sprintf("%q: write / between folders, which is right on every system", text), ""
	}
	return checkLine(text)
}

func checkFunction(text string) (problem, near string) {
	if text == "" || strings.ContainsFunc(text, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) }) {
		return fmt.Sprintf("%q cannot be the name of a function", text), ""
	}
	return "", ""
}

func checkBase(text string) (problem, near string) {
	bases := []string{Scratch, Alpine}
	if slices.Contains(bases, text) {
		return "", ""
	}
	return fmt.Sprintf("unknown base %q; there are scratch and alpine", text), suggest.Word(text, bases)
}

// CheckRelease returns an error if a text is not an Alpine release such as v3.22.
func CheckRelease(text string) error {
	problem, near := checkRelease(text)
	switch {
	case problem == "":
		return nil
	case near != "":
		return fmt.Errorf("%s (did you mean %q?)", problem, near)
	}
	return errors.New(problem)
}

func checkRelease(text string) (problem, near string) {
	if !Matches(releasePattern, text) {
		near := compiled(`^[vV]?([0-9]+\.[0-9]+)(\.[0-9]+)*$`).FindStringSubmatch(text)
		if near == nil {
			near = []string{"", ""}
		} else {
			near[1] = "v" + near[1]
		}
		return fmt.Sprintf("%q is not an Alpine release such as v3.22", text), near[1]
	}
	return "", ""
}

func checkPackage(text string) (problem, near string) {
	if !Matches(packagePattern, text) {
		return fmt.Sprintf("%q is not an Alpine package such as curl or curl=8.14.1-r1", text), ""
	}
	return "", ""
}

func (r *reader) checkStemcell(text string) (problem, near string) {
	if !Matches(stemcellPattern, text) {
		return fmt.Sprintf("%q cannot be the name of a stemcell", text), ""
	}
	if _, ok := r.known[text]; r.known != nil && !ok {
		names := slices.Sorted(maps.Keys(r.known))
		return fmt.Sprintf("unknown stemcell %q; there are %s", text, strings.Join(names, ", ")), suggest.Word(text, names)
	}
	return "", ""
}

func checkVariable(name, text string) string {
	if !Matches(variablePattern, name) {
		return fmt.Sprintf("%q cannot be the name of an environment variable", name)
	}
	if strings.ContainsRune(text, 0) {
		return fmt.Sprintf("the value of %s has a NUL character, which the environment cannot hold", name)
	}
	if allowed := variable.Allowed(name, text); allowed != "" && strings.HasPrefix(name, "OW_") {
		return variable.Refusal(name, text, allowed)
	}
	return ""
}

func checkLabel(name, _ string) string {
	if name == "" || strings.ContainsFunc(name, func(c rune) bool { return unicode.IsSpace(c) || unicode.IsControl(c) || c == '=' }) {
		return fmt.Sprintf("%q cannot be the name of a label", name)
	}
	return ""
}

// Matches reports whether a text matches a pattern, which is a constant: each is compiled once.
func Matches(pattern, text string) bool { return compiled(pattern).MatchString(text) }

// patterns are those that were compiled.
var patterns sync.Map

func compiled(pattern string) *regexp.Regexp {
	known, ok := patterns.Load(pattern)
	if !ok {
		known, _ = patterns.LoadOrStore(pattern, regexp.MustCompile(pattern))
	}
	return known.(*regexp.Regexp)
}
