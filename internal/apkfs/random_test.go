package apkfs

import (
	"archive/tar"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs/apktest"
)

// randomRepositories returns two small repositories, and a world to install from them. The same seed gives the same
// ones.
type randomRepositories struct {
	*rand.Rand
	packages map[string][]apktest.Package // by repository
	world    []string
	names    []string
	virtual  []string
	versions map[string][]string // of each name
}

var (
	someVersions = []string{
		"1-r0", "1-r1", "2-r0", "2-r10", "1.5-r0", "1.05-r0", "1.10-r0", "1.9-r0", "1_alpha1-r0", "1_rc2-r0", "1_p1-r0",
		"1.2.4_git20230717-r4", "1b-r0", "3", "0.0.1-r0", "20240101-r0",
	}
	someOperators = []string{"=", "<", ">", "<=", ">=", "~", "=~", "<~", ">~"}
)

func newRepositories(seed uint64) *randomRepositories {
	r := &randomRepositories{Rand: rand.New(rand.NewPCG(seed, 12)), packages: map[string][]apktest.Package{}, versions: map[string][]string{}}
	r.names = []string{"a", "b", "c", "D", "e-f", "g", "h"}[:4+r.IntN(4)]
	r.virtual = []string{"v", "so:libw.so.1", "cmd:x"}
	for _, name := range r.names {
		for _, at := range r.Perm(len(someVersions))[:1+r.IntN(5)/3] {
			r.versions[name] = append(r.versions[name], someVersions[at])
		}
	}
	for _, name := range r.names {
		for _, version := range r.versions[name] {
			p := r.pack(name, version)
			repository := "main"
			if r.IntN(4) == 0 {
				repository = "community"
			}
			r.packages[repository] = append(r.packages[repository], p)
		}
	}
	for _, repository := range repositories() {
		r.packages[repository] = append(r.packages[repository], apktest.Package{Name: "filler-" + repository, Version: "1-r0"})
	}
	all := append(slices.Clone(r.names), r.virtual[r.IntN(len(r.virtual))])
	for _, at := range r.Perm(len(all))[:1+r.IntN(3)] {
		r.world = append(r.world, r.term(all[at], 20, 8))
	}
	return r
}

func (r *randomRepositories) pack(name, version string) apktest.Package {
	p := apktest.Package{Name: name, Version: version}
	for range r.IntN(3) {
		p.Depends = append(p.Depends, r.term(r.any(), 14, 7))
	}
	for range r.IntN(8) / 3 {
		p.Provides = append(p.Provides, r.provided())
	}
	if r.IntN(2) == 0 {
		p.ProviderPriority = r.IntN(4)
	}
	if r.IntN(4) == 0 {
		for range 1 + r.IntN(2) {
			p.InstallIf = append(p.InstallIf, r.term(r.any(), 8, 4))
		}
	}
	for range r.IntN(4) {
		p.Replaces = append(p.Replaces, r.term(r.names[r.IntN(len(r.names))], 0, 3))
	}
	p.ReplacesPriority = max(0, r.IntN(6)-2)
	if r.IntN(6) == 0 {
		p.Origin = "source"
	}
	p.Files = []tar.Header{apktest.Dir("usr", 0o755), apktest.Dir("usr/x", 0o755), apktest.File("usr/x/"+name, 0o644, "own")}
	for i := range 4 {
		path := fmt.Sprintf("usr/x/f%d", i)
		switch r.IntN(12) {
		case 0, 1:
			p.Files = append(p.Files, apktest.File(path, 0o644, name+p.Version))
		case 2:
			p.Files = append(p.Files, apktest.Symlink(path, name))
		}
	}
	return p
}

func (r *randomRepositories) version() string { return someVersions[r.IntN(len(someVersions))] }

// anyVersion returns a version put together from parts, which may be none.
func (r *randomRepositories) anyVersion() string {
	parts := []string{"1", "2", "10", "0", "05", "00", ".", ".", ".", "a", "b", "_alpha", "_rc1", "_p", "_p2", "_git", "-r0", "-r1", "-r10", "Z"}
	text := fmt.Sprint(r.IntN(3))
	for range r.IntN(6) {
		text += parts[r.IntN(len(parts))]
	}
	return text
}

// any returns the name of a package or, less often, of something that is provided.
func (r *randomRepositories) any() string {
	if r.IntN(10) == 0 {
		return r.virtual[r.IntN(len(r.virtual))]
	}
	return r.names[r.IntN(len(r.names))]
}

// term returns a name with a version; one in so many is a conflict. Zero means never.
func (r *randomRepositories) term(name string, conflict, versioned int) string {
	versions := r.versions[name]
	if conflict > 0 && r.IntN(conflict) == 0 {
		name = "!" + name
	}
	if versioned > 0 && r.IntN(versioned) == 0 {
		version := r.version()
		if len(versions) > 0 && r.IntN(3) > 0 {
			version = versions[r.IntN(len(versions))]
		}
		operator := someOperators[r.IntN(len(someOperators))]
		if strings.Contains(operator, "~") {
			version = strings.TrimSuffix(version, "-r0")
		}
		name += operator + version
	}
	return name
}

func (r *randomRepositories) provided() string {
	name := r.any()
	if r.IntN(12) > 0 {
		name = r.virtual[r.IntN(len(r.virtual))]
	}
	if r.IntN(3) == 0 {
		name += "=" + r.version()
	}
	return name
}

// String shows what there is.
func (r *randomRepositories) String() string {
	var text strings.Builder
	for _, repository := range repositories() {
		for _, p := range r.packages[repository] {
			fmt.Fprintf(&text, "%s: %s %s", repository, p.Name, p.Version)
			for _, list := range []struct {
				name  string
				terms []string
			}{{"depends", p.Depends}, {"provides", p.Provides}, {"install_if", p.InstallIf}, {"replaces", p.Replaces}} {
				if len(list.terms) > 0 {
					fmt.Fprintf(&text, " %s %q", list.name, list.terms)
				}
			}
			fmt.Fprintf(&text, " priority %d replaces_priority %d origin %q", p.ProviderPriority, p.ReplacesPriority, p.Origin)
			for _, file := range p.Files {
				text.WriteString(" " + file.Name)
			}
			text.WriteString("\n")
		}
	}
	return fmt.Sprintf("%sworld %q", &text, r.world)
}
