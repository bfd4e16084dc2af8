package apkfs

import (
	"bytes"
	"fmt"
	"strings"
)

// Scripts of packages are not run: their effect would depend on the machine, and those of a foreign architecture could
// not run. The rules here replace them. A package with scripts but no rule is refused.

// rule replaces a package's scripts; without a function, nothing is done.
type rule struct {
	why string // the reason, for readers
	do  func(t *tree, p *unpacked) error
}

// ruleFor returns the rule for a package, by name.
func ruleFor(name string) (rule, bool) {
	nothing := func(why string) (rule, bool) { return rule{why: why}, true }
	switch name {
	case "busybox":
		return rule{"a link is made for each of its commands", (*tree).linkBusybox}, true
	case "alpine-baselayout":
		return nothing("group shadow and the mode of /etc/shadow are in alpine-baselayout-data; the rest renews older systems")
	case "bash", "dash", "fish", "loksh", "mksh", "oksh", "tcsh", "yash", "zsh":
		return rule{"it is added to /etc/shells", (*tree).addShell}, true
	case "ca-certificates":
		return nothing("the bundle of certificates is that of ca-certificates-bundle")
	case "alpine-keys", "apk-tools", "musl", "musl-utils", "ruby", "ruby-libs":
		return nothing("its scripts renew or clean up older systems")
	case "fontconfig", "glib", "gdk-pixbuf", "gtk-update-icon-cache", "shared-mime-info", "mailcap", "man-db", "mandoc", "texinfo":
		return nothing("its trigger fills a cache, which programs do without")
	case "python3", "python3-pycache-pyc0", "pyc":
		return nothing("its trigger compiles modules, which python does when they are loaded")
	}
	return rule{}, false
}

// runScripts applies the rules of all packages with scripts.
func (t *tree) runScripts(packages []*unpacked) error {
	for _, p := range packages {
		if len(p.scripts) == 0 {
			continue
		}
		rule, ok := ruleFor(p.pin.Name)
		if !ok {
			return fmt.Errorf("package %s has scripts (%s), which are not run in a build, and mkimage has no rule to replace them; leave it out, or take a package without scripts", p.pin, strings.Join(p.scripts, ", "))
		}
		if rule.do == nil {
			continue
		}
		if err := rule.do(t, p); err != nil {
			return fmt.Errorf("install %s: %w", p.pin, err)
		}
	}
	return nil
}

// addShell adds a shell to /etc/shells, as the script add-shell does.
func (t *tree) addShell(p *unpacked) error {
	place := t.order[p.pin.Layer]
	shells, _ := t.read(place, "etc/shells") // without it, no program asks for shells
	line := []byte("/bin/" + p.pin.Name + "\n")
	if !bytes.Contains(append([]byte("\n"), shells...), append([]byte("\n"), line...)) {
		t.write(place, "etc/shells", append(bytes.Clone(shells), line...))
	}
	return nil
}
