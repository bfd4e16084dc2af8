package provenance

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/package-url/packageurl-go"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/page"
)

// Read returns the facts of a statement that [Make] wrote. Nothing of it was checked but its form: whoever may push can
// attach a statement. One of another builder is an error.
func Read(text []byte) (Build, error) {
	var made statement
	if err := json.NewDecoder(bytes.NewReader(text)).Decode(&made); err != nil {
		return Build{}, errors.New("the statement is not JSON of the right form")
	}
	stated := made.Predicate.BuildDefinition
	switch {
	case made.Type != StatementType || made.PredicateType != PredicateType:
		return Build{}, fmt.Errorf("it is no SLSA provenance v1 but %q", made.PredicateType)
	case made.Predicate.RunDetails.Builder.ID != Builder:
		return Build{}, fmt.Errorf("its builder is %q, not mkimage", made.Predicate.RunDetails.Builder.ID)
	case stated.BuildType != BuildType:
		return Build{}, fmt.Errorf("its build type is %q; this mkimage reads %s", stated.BuildType, BuildType)
	case len(made.Subject) == 0 || len(made.Subject[0].Digest["sha256"]) != 64:
		return Build{}, errors.New("it names no image")
	}
	build := Build{
		Image: stated.ExternalParameters.Image, Digest: "sha256:" + made.Subject[0].Digest["sha256"],
		Parameters: stated.ExternalParameters, Materials: stated.ResolvedDependencies, Versions: made.Predicate.RunDetails.Builder.Version,
	}
	if stated.InternalParameters != nil {
		build.Engine = stated.InternalParameters.Engine
	}
	return build, nil
}

// Material returns the material of this name.
func (b Build) Material(name string) (Material, bool) {
	for _, m := range b.Materials {
		if m.Name == name {
			return m, true
		}
	}
	return Material{}, false
}

// Source is a commit of a git repository that a statement names.
type Source struct {
	Repository string // its address, such as "https://host/path"; "" where it has no public one
	Commit     string // in hexadecimal
	Modified   bool   // files differed from the commit
}

// Sources returns the checkouts that definition and action were in.
func (b Build) Sources() []Source {
	var all []Source
	for _, m := range b.Materials {
		if m.Name != SourceName {
			continue
		}
		modified, _ := m.Annotations["modified"].(bool)
		all = append(all, Source{strings.TrimPrefix(m.URI, "git+"), m.Digest["gitCommit"], modified})
	}
	return all
}

// Mkimage is the program that built, as far as it knew itself.
type Mkimage struct {
	Version  string // such as v1.0.0; "" where it is not known
	Commit   string // in hexadecimal, or ""
	Sum      string // of the module, in hexadecimal, or ""
	Modified bool   // it was compiled from a tree with changes
}

// Mkimage returns the program that has built.
func (b Build) Mkimage() Mkimage {
	m, _ := b.Material(SelfName)
	return identity(m)
}

// This returns the program that runs.
func This() Mkimage { return identity(Self(SelfName)) }

func identity(m Material) Mkimage {
	url, _ := packageurl.FromString(m.URI) // an unreadable one tells nothing
	modified, _ := m.Annotations["modified"].(bool)
	return Mkimage{url.Version, m.Digest["gitCommit"], m.Digest["dirHash"], modified}
}

// Is reports whether two programs are made from the same source, as far as they say; known tells whether they do.
func (m Mkimage) Is(other Mkimage) (same, known bool) {
	if m.Modified || other.Modified {
		return false, false
	}
	for _, pair := range [][2]string{{m.Commit, other.Commit}, {m.Sum, other.Sum}, {m.Version, other.Version}} {
		if pair[0] != "" && pair[1] != "" {
			return pair[0] == pair[1], true
		}
	}
	return false, false
}

// String returns "mkimage v1.0.0 (commit 0123…)".
func (m Mkimage) String() string {
	text := "mkimage"
	if m.Version != "" {
		text += " " + m.Version
	}
	if m.Commit != "" {
		text += " (commit " + m.Commit + ")"
	}
	if m.Modified {
		text += " with changes that were never committed"
	}
	return text
}

// From returns how the program is had, or "" where nothing says which one it was.
func (m Mkimage) From() string {
	release := m.Version != "" && !strings.Contains(m.Version, "-") && !strings.Contains(m.Version, "+")
	switch {
	case release:
		return page.Release(m.Version)
	case m.Commit != "":
		return "go install " + strings.TrimPrefix(Builder, "https://") + "@" + m.Commit
	case m.Version != "":
		return "go install " + strings.TrimPrefix(Builder, "https://") + "@" + m.Version
	}
	return ""
}
