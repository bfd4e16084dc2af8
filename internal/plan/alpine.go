package plan

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"
)

// The names of layers, in the order that they have in an image. A stemcell's is "stemcell-" and its name.
const (
	baseLayer     = "base"
	stemcellLayer = "stemcell-"
	packagesLayer = "packages"
	buildLayer    = "build" // packages that only steps have; it is in no image
	proxyLayer    = "proxy"
	actionLayer   = "action"
)

// basePackages returns the packages of base alpine: a shell with the usual commands, certificates, and the release's
// name.
func basePackages() []string {
	return []string{"alpine-baselayout", "alpine-release", "busybox", "ca-certificates-bundle", "musl"}
}

// World returns the Alpine packages of an image on a platform, in layers. If steps need packages, the last layer is
// theirs: it has the packages that the image lacks, and the files that stemcells trim, such as the installer of gems.
func World(def images.Definition, languages []stemcells.Stemcell, release string, platform images.Platform) apkfs.World {
	world := apkfs.World{Release: release, Platform: platform, Layers: []apkfs.Layer{{Name: baseLayer, Packages: basePackages()}}}
	for _, language := range languages {
		world.Layers = append(world.Layers, apkfs.Layer{
			Name: stemcellLayer + language.Name, Packages: sorted(language.Packages), Trim: language.Paths(), Bytecode: language.Bytecode, Source: language.Source,
		})
	}
	if len(def.Packages) > 0 {
		world.Layers = append(world.Layers, apkfs.Layer{Name: packagesLayer, Packages: sorted(def.Packages)})
	}
	if packages := stepPackages(def, languages); len(packages) > 0 {
		world.Layers = append(world.Layers, apkfs.Layer{Name: buildLayer, Packages: packages, Trimmed: true})
	}
	return world
}

func sorted(names []string) []string { return slices.Sorted(slices.Values(names)) }

// format is the version of the rules that make files of layers on base alpine from inputs. It is raised, as
// [apkfs.Format] is, when the same inputs make other files, so that layers of another mkimage are not taken for ours.
const format = "plan 1"

// Packages are the Alpine packages of an image on a platform.
type Packages struct {
	World apkfs.World
	Pins  []images.Pin // the packages that the world was resolved to
	// Install makes the files of packages. It is called only if the cache lacks their layers.
	Install func(context.Context, apkfs.World, []images.Pin) (apkfs.Tree, error)
}

// image returns the packages that are in the image.
func (p Packages) image() Packages {
	last := len(p.World.Layers) - 1
	if p.World.Layers[last].Name == buildLayer {
		p.World.Layers = p.World.Layers[:last]
		p.Pins = slices.DeleteFunc(slices.Clone(p.Pins), ForSteps)
	}
	return p
}

// recipe returns the recipe of the layers below the proxy, with the inputs that they depend on.
func (p Packages) recipe(languages []stemcells.Stemcell) (layer.Recipe, error) {
	inputs, err := json.Marshal(struct {
		World apkfs.World
		Pins  []images.Pin
		Files [][]stemcells.File
	}{p.World, p.Pins, filesOf(languages)})
	if err != nil {
		return layer.Recipe{}, err
	}
	return layer.Recipe{
		Key:   cache.Key(format, apkfs.Format, string(inputs)),
		Parts: func(ctx context.Context) ([]layer.Part, error) { return p.parts(ctx, languages) },
	}, nil
}

func filesOf(languages []stemcells.Stemcell) [][]stemcells.File {
	var files [][]stemcells.File
	for _, language := range languages {
		files = append(files, language.Image())
	}
	return files
}

// parts installs the packages and adds the other files of their layers.
func (p Packages) parts(ctx context.Context, languages []stemcells.Stemcell) ([]layer.Part, error) {
	tree, err := p.Install(ctx, p.World, p.Pins)
	if err != nil {
		return nil, err
	}
	var parts []layer.Part
	for i, l := range p.World.Layers {
		files := tree.Layers[i]
		switch {
		case i == 0:
			if files, err = alpine(files); err != nil {
				return nil, err
			}
		case i <= len(languages):
			files = brought(languages[i-1], files)
		}
		parts = append(parts, layer.Part{Name: l.Name, Files: files})
	}
	return parts, nil
}

// alpine returns the files of the lowest layer: the packages', the entries for our user, and the folder of the action.
func alpine(files []layer.File) ([]layer.File, error) {
	files = slices.Clone(files)
	for name, line := range map[string]string{"etc/passwd": userPasswd(), "etc/group": userGroup()} {
		at := slices.IndexFunc(files, func(f layer.File) bool { return f.Path == name })
		if at < 0 {
			return nil, fmt.Errorf("no package has /%s", name)
		}
		text, err := read(files[at])
		if err != nil {
			return nil, err
		}
		files[at] = layer.Regular(name, files[at].Mode.Perm(), []byte(strings.TrimRight(text, "\n")+"\n"+line))
	}
	return append(files, actionFolder()), nil
}

func read(file layer.File) (string, error) {
	content, err := file.Open()
	if err != nil {
		return "", err
	}
	defer content.Close()
	text, err := io.ReadAll(content)
	return string(text), err
}

// brought returns files with the files of a stemcell, and the folders that those need.
func brought(language stemcells.Stemcell, files []layer.File) []layer.File {
	seen := map[string]bool{}
	for _, file := range files {
		seen[file.Path] = true
	}
	files = slices.Clone(files)
	for _, file := range language.Image() {
		for dir := path.Dir(file.Path); dir != "." && !seen[dir]; dir = path.Dir(dir) {
			seen[dir] = true
			files = append(files, layer.Directory(dir, 0o755))
		}
		mode := layer.File{}.Mode | 0o644
		if file.Program {
			mode = 0o755
		}
		files = append(files, layer.Regular(file.Path, mode, file.Content))
	}
	return files
}
