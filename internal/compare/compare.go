// Package compare tells how two images differ: in layers, packages, files and config.
//
//	report, err := compare.Images(compare.Side{Name: "bash:1", Platforms: before}, compare.Side{Name: "bash:2", Platforms: after}, store)
//	err = report.Write(os.Stdout, "markdown")
//
// A platform whose manifest is the same on both sides is not read.
package compare

import (
	"fmt"
	"maps"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/inspect"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// Schema is the version of the report's JSON form.
const Schema = 1

// Side is one of the two images.
type Side struct {
	Name      string
	Platforms map[string]v1.Image // by platform, such as linux/amd64
}

// Report holds all differences. Sizes are in bytes.
type Report struct {
	Schema    int        `json:"schema"`
	A         string     `json:"a"`
	B         string     `json:"b"`
	Same      bool       `json:"same"`
	Platforms []Platform `json:"platforms"`
}

// Platform is the difference on one platform. Only in one image, it has that one's sizes alone.
type Platform struct {
	Platform string        `json:"platform"`
	A        *Weight       `json:"a,omitempty"`
	B        *Weight       `json:"b,omitempty"`
	Layers   []Change      `json:"layers,omitempty"`
	Packages []Change      `json:"packages,omitempty"`
	Files    []Change      `json:"files,omitempty"`
	Config   []Replacement `json:"config,omitempty"`
}

// Weight is the size of an image.
type Weight struct {
	Digest         string `json:"digest"` // of the manifest
	DockerSize     int64  `json:"docker_size"`
	CompressedSize int64  `json:"compressed_size"`
}

// Change is a layer, package or file that differs. From or To is "" where it is in one image only.
type Change struct {
	Name string `json:"name"`
	From string `json:"from,omitempty"` // a digest, a version, or the type, mode, owner and link of a file
	To   string `json:"to,omitempty"`
	By   int64  `json:"by"` // of its docker size
}

// Replacement is a value of the config that differs.
type Replacement struct {
	Key  string `json:"key"`
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// Images compares two images. It keeps the content of layers in store.
func Images(a, b Side, store cache.Dir) (Report, error) {
	report := Report{Schema: Schema, A: a.Name, B: b.Name, Same: true, Platforms: []Platform{}}
	all := maps.Clone(a.Platforms)
	maps.Copy(all, b.Platforms)
	for _, platform := range slices.Sorted(maps.Keys(all)) {
		one, same, err := compare(platform, a, b, store)
		if err != nil {
			return Report{}, err
		}
		report.Same = report.Same && same
		report.Platforms = append(report.Platforms, one)
	}
	return report, nil
}

// half is one image of a comparison.
type half struct {
	row     sizes.Image
	taken   inspect.Anatomy
	config  v1.ConfigFile
	entries map[string]content.Entry
}

func compare(platform string, a, b Side, store cache.Dir) (Platform, bool, error) {
	one := Platform{Platform: platform}
	from, err := take(platform, a, store)
	if err != nil {
		return one, false, err
	}
	to, err := take(platform, b, store)
	if err != nil {
		return one, false, err
	}
	if from != nil {
		one.A = &Weight{from.row.Digest, from.row.DockerSize, from.row.CompressedSize}
	}
	if to != nil {
		one.B = &Weight{to.row.Digest, to.row.DockerSize, to.row.CompressedSize}
	}
	if from == nil || to == nil {
		return one, false, nil
	}
	if from.row.Digest == to.row.Digest {
		return one, true, nil
	}
	one.Layers = changes(layersOf(from.row), layersOf(to.row))
	one.Packages = changes(packagesOf(from.taken), packagesOf(to.taken))
	one.Files = changes(filesOf(from.entries), filesOf(to.entries))
	one.Config, err = replacements(from.config, to.config)
	return one, false, err
}

func take(platform string, side Side, store cache.Dir) (*half, error) {
	image, is := side.Platforms[platform]
	if !is {
		return nil, nil
	}
	row, err := sizes.Measure(side.Name, platform, image, nil, store)
	if err != nil {
		return nil, err
	}
	taken, err := inspect.Take(image, store)
	if err != nil {
		return nil, fmt.Errorf("read %s (%s): %w", side.Name, platform, err)
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	return &half{row, taken, *config, taken.Visible()}, nil
}
