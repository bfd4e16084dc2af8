package action

import (
	"bytes"
	"fmt"
	"path"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
)

// checkLanguage refuses functions that the launchers of mkimage's own stemcells cannot load, where that shows without
// running them.
func (u *upload) checkLanguage(found placed) error {
	if found.launcher == nil {
		return nil
	}
	file, err := code.RegularWithin(u, uploadDir, found.main)
	if file == "" || err != nil {
		return err
	}
	text, err := u.own[file].read()
	if err != nil {
		return err
	}
	switch found.launcher.Name {
	case "bash":
		if lines := bytes.Count(text, []byte("\n")); lines > 0 && lines == bytes.Count(text, []byte("\r\n")) {
			return fmt.Errorf("%s has Windows line ends, with which Bash cannot read it: save it with LF line ends", found.main)
		}
	case "python":
		if err := checkPython(found.main, text); err != nil {
			return err
		}
		return u.checkRequirements()
	}
	return nil
}

// coding is the line by which a Python file says that it is not UTF-8 (PEP 263).
var coding = regexp.MustCompile(`^[ \t\f]*#.*?coding[:=][ \t]*[-_.a-zA-Z0-9]+`)

// checkPython refuses a file that Python cannot decode.
func checkPython(name string, text []byte) error {
	if at := bytes.IndexByte(text, 0); at >= 0 {
		return fmt.Errorf("%s has a zero byte in line %d, so it is no text in UTF-8: save it as UTF-8", name, 1+bytes.Count(text[:at], []byte("\n")))
	}
	for i, line := range bytes.SplitAfter(text, []byte("\n")) {
		if i < 2 && coding.Match(line) {
			return nil
		}
		if !utf8.Valid(line) {
			return fmt.Errorf("%s is not UTF-8 in line %d: save it as UTF-8, or name its encoding in the first line: # -*- coding: latin-1 -*-", name, i+1)
		}
	}
	return nil
}

// checkRequirements refuses a requirements.txt of packages that nobody has installed, as the launcher does. Where the
// folder has a virtualenv, or steps bring packages into the image, only the launcher knows. Of an upload, its image is
// not known.
func (u *upload) checkRequirements() error {
	if u.Tree.open && !u.any || u.own[uploadDir+"/virtualenv"].kind() == code.Folder {
		return nil
	}
	missing := u.requirements()
	if len(missing) == 0 {
		return nil
	}
	if u.any {
		return fmt.Errorf("requirements.txt wants %s, and there is no folder virtualenv with it: install it there (pip install --target virtualenv/lib/python3.X/site-packages -r requirements.txt), "+
			"or, where the image has it, name requirements.txt in %s", strings.Join(missing, ", "), ignoreFile)
	}
	return fmt.Errorf("requirements.txt wants %s, which neither the image nor a folder virtualenv has: install it with a step of the definition, "+
		"run: [{script: PIP_BREAK_SYSTEM_PACKAGES=1 pip install -r /run/files/requirements.txt, files: [requirements.txt], packages: [py3-pip], network: true}]", strings.Join(missing, ", "))
}

// requirement is a line of requirements.txt that names a package, with all that follows.
var requirement = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9._-]*)[^;]*$`)

// requirements returns the packages of requirements.txt that the image lacks. Lines with a marker, which may say that
// they are not for here, and addresses are passed over.
func (u *upload) requirements() (missing []string) {
	file, err := code.RegularWithin(u, uploadDir, "requirements.txt")
	if file == "" || err != nil {
		return nil
	}
	text := strings.TrimPrefix(u.ReadFile(file), "\ufeff")
	installed := u.installed()
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(strings.TrimSpace(line), " #")
		name := requirement.FindStringSubmatch(line)
		if name != nil && !strings.Contains(line, "://") && !installed[same(name[1])] {
			missing = append(missing, name[1])
		}
	}
	return missing
}

// installed returns the Python packages of the image.
func (u *upload) installed() map[string]bool {
	all := map[string]bool{}
	for place := range u.nodes {
		dir, base := path.Split(place)
		if extension := path.Ext(base); extension != ".dist-info" && extension != ".egg-info" || !strings.HasSuffix(dir, "-packages/") {
			continue
		}
		name, _, _ := strings.Cut(strings.TrimSuffix(base, path.Ext(base)), "-")
		all[same(name)] = true
	}
	return all
}

// same returns the form in which names of Python packages are compared (PEP 503).
func same(name string) string {
	return strings.NewReplacer("_", "-", ".", "-").Replace(strings.ToLower(name))
}
