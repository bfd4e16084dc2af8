// Command release makes the files of a release from the checkout that it is in. ci/release gives it a clean clone:
//
//	release --version v1.0.0 --commit HASH --time SECONDS --output DIR [--only OS/ARCH]...
//
// The same commit gives the same bytes: times are that of the commit, owners are root, modes do not depend on the umask.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// target is a system that mkimage runs on.
type target struct{ os, arch string }

func (t target) String() string { return t.os + "/" + t.arch }

func targets() []target {
	var all []target
	for _, system := range []string{"linux", "darwin", "windows"} {
		for _, arch := range []string{"amd64", "arm64"} {
			all = append(all, target{system, arch})
		}
	}
	return all
}

// release is what every file of a release is made from.
type release struct {
	root    string // the checkout
	output  string
	version string // v1.0.0
	commit  string
	time    time.Time
	targets []target
	extra   []file // for every archive: licence, documentation, completions, man pages
}

// number returns the version without its v, as packages have it.
func (r *release) number() string { return strings.TrimPrefix(r.version, "v") }

// only reads --only, which may be given again.
type only []target

func (o *only) String() string { return fmt.Sprint(*o) }

func (o *only) Set(value string) error {
	system, arch, _ := strings.Cut(value, "/")
	wanted := target{system, arch}
	if !slices.Contains(targets(), wanted) {
		return fmt.Errorf("there is no release for %q; there are %v", value, targets())
	}
	*o = append(*o, wanted)
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var r release
	var wanted only
	seconds := flag.Int64("time", 0, "the time of all files, in seconds since 1970")
	flag.StringVar(&r.version, "version", "", "the version: v1.0.0")
	flag.StringVar(&r.commit, "commit", "", "the commit that the checkout is at")
	flag.StringVar(&r.output, "output", "", "the folder for the files")
	flag.Var(&wanted, "only", "OS/ARCH; all when it is not given")
	flag.Parse()
	r.time, r.targets = time.Unix(*seconds, 0).UTC(), wanted
	if len(r.targets) == 0 {
		r.targets = targets()
	}
	if err := r.make(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// make writes all files of the release.
func (r *release) make(ctx context.Context) error {
	root, err := filepath.Abs(filepath.Join("..", "..", ".."))
	if err != nil {
		return err
	}
	r.root = root
	if err := r.packProxies(ctx); err != nil {
		return err
	}
	if err := r.readExtra(ctx); err != nil {
		return err
	}
	var subjects []string
	for _, t := range r.targets {
		made, err := r.makeTarget(ctx, t)
		if err != nil {
			return fmt.Errorf("%s: %w", t, err)
		}
		subjects = append(subjects, made...)
	}
	if err := r.writeNotes(); err != nil {
		return err
	}
	installer, err := os.ReadFile(filepath.Join(r.root, "ci", "install"))
	if err != nil {
		return err
	}
	if err := r.write("install.sh", installer); err != nil {
		return err
	}
	if err := r.writeProvenance(subjects); err != nil {
		return err
	}
	if err := r.writeFormula(); err != nil {
		return err
	}
	return r.writeChecksums()
}

// makeTarget writes the archive, the SBOM and the packages for a system, and returns the names of the archive and the
// packages.
func (r *release) makeTarget(ctx context.Context, t target) ([]string, error) {
	program, err := r.compile(ctx, t)
	if err != nil {
		return nil, err
	}
	archive, err := r.writeArchive(t, program)
	if err != nil {
		return nil, err
	}
	if err := r.writeSBOM(t, archive, program); err != nil {
		return nil, err
	}
	made := []string{archive}
	if t.os == "linux" {
		packages, err := r.writePackages(t, program)
		if err != nil {
			return nil, err
		}
		made = append(made, packages...)
	}
	for _, name := range made {
		info, err := os.Stat(filepath.Join(r.output, name))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(os.Stderr, "%s  %.1f MB\n", name, float64(info.Size())/1e6)
	}
	return made, nil
}
