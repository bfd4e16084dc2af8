package build

import (
	"cmp"
	"context"
	"slices"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/plan"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/progress"
)

// State is what became of a locked package.
type State string

// The states of packages.
const (
	Moved    State = "moved"    // the mirror has another version now
	Vanished State = "vanished" // the same, and the locked one is gone from the mirror
	Fresh    State = "new"      // the image would have it in addition
	Unneeded State = "unneeded" // the image would do without it
	Current  State = "current"  // it is as locked; told for its vulnerabilities alone
)

// Drift is a locked package that is no longer what the mirror would give, or one with known vulnerabilities.
type Drift struct {
	Image     string            `json:"image"`
	Platforms []images.Platform `json:"platforms"`
	Package   string            `json:"package"`
	Layer     string            `json:"layer"`
	State     State             `json:"state"`
	Locked    string            `json:"locked,omitempty"` // the version
	Now       string            `json:"now,omitempty"`
	Fixes     []apkfs.Fix       `json:"fixes,omitempty"` // of vulnerabilities that the locked version has

	repository string // of the locked package
}

// CheckLocks holds the locks of definitions against the mirror, and, unless secdb is nil, against the known
// vulnerabilities. It changes nothing. Definitions without packages are left out; one without a lock is an error.
func CheckLocks(ctx context.Context, definitions []images.Definition, packages Packages, secdb *apkfs.SecDB, display *progress.Display) ([]Drift, error) {
	packages.Locked = true
	r := &run{Options: Options{Packages: packages, Display: display}}
	var all []Drift
	err := r.eachOnAlpine(definitions, "check the lock of ", func(definition images.Definition) error {
		drifts, err := r.checkLock(ctx, definition, secdb)
		all = append(all, drifts...)
		return err
	})
	return all, err
}

func (r *run) checkLock(ctx context.Context, definition images.Definition, secdb *apkfs.SecDB) ([]Drift, error) {
	languages, err := r.Stemcells.Pick(definition.Stemcells)
	if err != nil {
		return nil, err
	}
	lock, _, err := r.lock(definition, languages)
	if err != nil {
		return nil, err
	}
	var all []Drift
	for _, platform := range definition.Platforms {
		world := plan.World(definition, languages, lock.Release, platform)
		now, err := r.Alpine.Resolve(ctx, world)
		if err != nil {
			return nil, err
		}
		listed, err := r.Alpine.List(ctx, world)
		if err != nil {
			return nil, err
		}
		for _, d := range drifts(lock.Platforms[platform], now, listed) {
			if secdb != nil && d.Locked != "" {
				if err := d.find(ctx, secdb, lock.Release, listed); err != nil {
					return nil, err
				}
			}
			if d.State == Current && len(d.Fixes) == 0 {
				continue
			}
			d.Image, d.Platforms = definition.Name, []images.Platform{platform}
			all = merge(all, d)
		}
	}
	slices.SortStableFunc(all, func(a, b Drift) int { return cmp.Compare(a.Package, b.Package) })
	return all, nil
}

// drifts returns every package that a lock has or the mirror would give, with its state.
func drifts(locked, now []images.Pin, listed map[string][]apkfs.Listed) []Drift {
	fresh := map[string]images.Pin{}
	for _, pin := range now {
		fresh[pin.Name] = pin
	}
	var all []Drift
	for _, pin := range locked {
		is, needed := fresh[pin.Name]
		delete(fresh, pin.Name)
		d := Drift{Package: pin.Name, Layer: pin.Layer, Locked: pin.Version, Now: is.Version, repository: pin.Repository}
		there := slices.ContainsFunc(listed[pin.Name], func(l apkfs.Listed) bool { return l.Version == pin.Version && l.Checksum == pin.Checksum })
		switch {
		case !needed:
			d.State = Unneeded
		case is.Checksum == pin.Checksum:
			d.State = Current
		case there:
			d.State = Moved
		default:
			d.State = Vanished
		}
		all = append(all, d)
	}
	for _, pin := range fresh {
		all = append(all, Drift{Package: pin.Name, Layer: pin.Layer, State: Fresh, Now: pin.Version})
	}
	return all
}

// find looks for vulnerabilities of the locked version. They are listed by source package.
func (d *Drift) find(ctx context.Context, secdb *apkfs.SecDB, release string, listed map[string][]apkfs.Listed) (err error) {
	from := listed[d.Package]
	if from == nil { // the mirror has dropped it
		from = []apkfs.Listed{{Repository: d.repository, Origin: d.Package}}
	}
	for _, l := range from {
		if d.Fixes, err = secdb.Fixes(ctx, release, l.Repository, l.Origin, d.Locked); err != nil || len(d.Fixes) > 0 {
			return err
		}
	}
	return nil
}

// merge adds a drift, or its platform to the same one of another platform.
func merge(all []Drift, d Drift) []Drift {
	for i, other := range all {
		if other.Package == d.Package && other.State == d.State && other.Locked == d.Locked && other.Now == d.Now {
			all[i].Platforms = append(all[i].Platforms, d.Platforms...)
			return all
		}
	}
	return append(all, d)
}
