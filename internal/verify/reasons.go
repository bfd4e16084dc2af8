package verify

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/build"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/provenance"
)

// excuse says why another digest proves nothing, or "".
func (v *verification) excuse() string {
	if v.lock() != "" && v.unlocked {
		return "it was built by a lock that is in no repository (" + v.lockName() + "): run this in a folder that has it"
	}
	if v.stated.Parameters.AlpineRelease != "" && v.lock() == "" {
		if moved := v.moved(); moved != "" {
			return moved
		}
	}
	if same, known := v.stated.Mkimage().Is(provenance.This()); !same || !known {
		return "the mkimage that built it is not known to be this one"
	}
	for _, tree := range v.trees {
		if _, err := os.Stat(filepath.Join(tree, ".gitmodules")); err == nil {
			return "its source has submodules, which are not fetched"
		}
	}
	for _, step := range v.stated.Parameters.Steps {
		if step.Network || len(step.Cache) > 0 || len(step.Secrets) > 0 {
			return "its step " + step.Name + " may bring in something else each time (network, cache or secrets)"
		}
	}
	return ""
}

// check returns why nothing is worth building, before anything is fetched.
func (v *verification) check() error {
	s := v.stated
	for _, source := range sourcesOf(s) {
		if source.Modified {
			return unknown("it was built from a tree with changes that are in no commit (%s)", source.Commit)
		}
	}
	another, err := v.isAnother()
	if err != nil {
		return err
	}
	if another && !v.AnyMkimage {
		text := fmt.Sprintf("it was built by %s, and this is %s", s.Mkimage(), provenance.This())
		if from := s.Mkimage().From(); from != "" {
			text += "; the right one: " + from
		}
		return unknown("%s; --any-mkimage builds with this one, and an equal digest proves as much", text)
	}
	switch {
	case s.Parameters.GoLDFlags != "" && v.Build.GoLDFlags == "":
		return unknown("it was built with --go-ldflags, whose value is not in the provenance: give the same")
	case s.Parameters.Proxy != "" && v.Build.Proxy == "":
		return unknown("it was built with a ready proxy: give the same with --proxy FILE")
	case len(s.Parameters.Steps) > 0 && !v.RunSteps:
		return unknown("it has steps, which are programs of its definition: --run-steps runs them, on the builder of --builder")
	case len(s.Parameters.Steps) > 0 && v.Engine == nil:
		return unknown("it has steps, which need a builder: give --builder ADDRESS")
	}
	return v.checkProxy()
}

// checkProxy refuses another ready proxy than the one that the statement names.
func (v *verification) checkProxy() error {
	stated, named := v.stated.Material(provenance.ProxyName)
	if v.stated.Parameters.Proxy == "" || !named {
		return nil
	}
	program, err := os.ReadFile(v.Build.Proxy)
	if err != nil {
		return err
	}
	if provenance.File("", program).Digest["sha256"] != stated.Digest["sha256"] {
		return unknown("%s is not the ready proxy that its provenance names", v.Build.Proxy)
	}
	return nil
}

// isAnother reports whether another mkimage has built, as far as that is known: where the two do not name themselves, by
// the source of the proxy that they bring.
func (v *verification) isAnother() (bool, error) {
	if same, known := v.stated.Mkimage().Is(provenance.This()); known {
		return !same, nil
	}
	stated, named := v.stated.Material(provenance.ProxySource)
	if !named || v.Build.Module == nil {
		return false, nil
	}
	ours, err := build.ProxyMaterial(v.Build.Module)
	return ours.Digest["dirHash"] != stated.Digest["dirHash"], err
}

// moved returns which packages are chosen now in place of those that the statement names, or "".
func (v *verification) moved() string {
	var lines []string
	if v.result.Difference != nil {
		lines = v.result.Difference.Packages
	}
	if len(lines) == 0 {
		return ""
	}
	const most = 3
	if more := len(lines) - most; more > 0 {
		lines = append(lines[:most:most], fmt.Sprintf("%d more", more))
	}
	return "it was built without a lock, and the mirror has other packages now (" + strings.Join(lines, ", ") +
		"): give those of that day with --packages DIR"
}
