package build

import (
	"cmp"
	"context"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/provenance"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
)

// withheld stands in a statement for a value that may be secret, or a place on this machine.
const withheld = "given"

// statement returns the provenance of an image.
func (r *run) statement(ctx context.Context, of assembled) ([]byte, error) {
	digest, err := of.index.Digest()
	if err != nil {
		return nil, err
	}
	definition := of.definition
	made := provenance.Build{
		Image:  definition.Name,
		Digest: digest.String(),
		Parameters: provenance.Parameters{
			Image:           definition.Name,
			Definition:      filepath.Base(definition.File),
			Locked:          r.Locked,
			GoTags:          r.GoTags,
			SourceDateEpoch: r.Epoch.Unix(),
		},
		Versions: map[string]string{"mkimage": cmp.Or(r.Version, "(devel)"), "go": runtime.Version()},
	}
	if definition.Base == images.Alpine {
		made.Parameters.AlpineRelease = r.release(definition)
	}
	if r.GoLDFlags != "" {
		made.Parameters.GoLDFlags = withheld
	}
	if r.Proxy != "" {
		made.Parameters.Proxy = withheld
	}
	for _, row := range of.rows {
		made.Platforms = append(made.Platforms, provenance.Platform{Architecture: images.Platform(row.Platform).Architecture(), Digest: row.Digest})
		made.Parameters.Platforms = append(made.Parameters.Platforms, row.Platform)
	}
	stateSteps(&made, of)
	users, err := r.userMaterials(ctx, of, &made.Parameters)
	if err != nil {
		return nil, err
	}
	others, err := r.otherMaterials(definition, of.in)
	if err != nil {
		return nil, err
	}
	made.Materials = append(users, others...)
	return provenance.Make(made)
}

// userMaterials returns the materials that users wrote: the checkouts, the definition, the lock and the action. It sets
// their names in parameters.
func (r *run) userMaterials(ctx context.Context, of assembled, parameters *provenance.Parameters) ([]provenance.Material, error) {
	definition := of.definition
	var sources, files []provenance.Material
	var known []string
	// find returns the checkout of a file, and notes it once.
	find := func(file string) provenance.Checkout {
		dir := file
		if stat, err := os.Stat(file); err != nil || !stat.IsDir() {
			dir = filepath.Dir(file)
		}
		checkout := r.checkout(ctx, dir)
		if key := checkout.Repository + checkout.Commit; checkout.Commit != "" && !slices.Contains(known, key) {
			known = append(known, key)
			sources = append(sources, checkout.Material())
		}
		return checkout
	}
	if definition.Shipped {
		parameters.Definition = "images/" + parameters.Definition
	} else {
		parameters.Definition = find(definition.File).Name(definition.File)
	}
	if definition.SHA256 != "" {
		files = append(files, provenance.Material{Name: parameters.Definition, Digest: map[string]string{"sha256": definition.SHA256}})
	}
	if of.in.lock != nil {
		files = append(files, provenance.File(strings.TrimSuffix(parameters.Definition, ".yaml")+".lock.json", of.in.lock))
	}
	for _, step := range of.in.files {
		for _, one := range step {
			place := definition.Beside(one.Name)
			m, err := fileMaterial(one, find(place).Name(place))
			if err != nil {
				return nil, err
			}
			if !slices.ContainsFunc(files, func(other provenance.Material) bool { return other.Name == m.Name }) { // two steps may have it
				files = append(files, m)
			}
		}
	}
	if definition.Action == "" {
		return append(sources, files...), nil
	}
	place := r.place(definition)
	if place == "" { // it travels in mkimage
		parameters.Action = definition.Action
		return append(sources, files...), nil
	}
	parameters.Action = find(place).Name(place)
	action, err := actionMaterial(parameters.Action, of.in.action)
	return append(append(sources, files...), action), err
}

// place returns where an action is, or "" for one that travels in mkimage. The path in a definition is relative to it,
// that of --action is not.
func (r *run) place(definition images.Definition) string {
	switch {
	case r.Action != "":
		return r.Action
	case definition.Shipped:
		return ""
	}
	return definition.Beside(definition.Action)
}

// checkout returns the checkout that a folder is in. It asks git once for each folder.
func (r *run) checkout(ctx context.Context, dir string) provenance.Checkout {
	r.checkoutsMutex.Lock()
	defer r.checkoutsMutex.Unlock()
	found, known := r.checkouts[dir]
	if !known {
		if found = provenance.Find(ctx, dir); found.Reason != "" {
			r.Display.Text("provenance without a commit: git says: " + found.Reason)
		}
		r.checkouts[dir] = found
	}
	return found
}

// states reports whether this build may attach provenance.
func (r *run) states() bool {
	return r.Attest != AttestNone && slices.ContainsFunc(r.Outputs, func(output publish.Output) bool { return output.Type == publish.Registry })
}

// actionMaterial returns the material of an action, made from one file or from all files of a Go package.
func actionMaterial(name string, from map[string][]byte) (provenance.Material, error) {
	if all := slices.Collect(maps.Values(from)); len(all) == 1 {
		return provenance.File(name, all[0]), nil
	}
	return provenance.Files(name, "", from)
}
