// Package compare tells how two images differ: in layers, packages, files and config.
//
//	report, err := compare.Images(compare.Side{Name: "bash:1", Platforms: before}, compare.Side{Name: "bash:2", Platforms: after}, store)
//	err = report.Write(os.Stdout, "markdown")
//
// A platform whose manifest is the same on both sides is not read.
package compare

import (
	"archive/tar"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

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

// thing is the identity of a layer, package or file, and its size.
type thing struct {
	is    string
	bytes int64
	sum   string // of the content
}

func layersOf(row sizes.Image) map[string]thing {
	all := map[string]thing{}
	for _, l := range row.Layers {
		name := l.Name
		for n := 2; all[name] != (thing{}); n++ {
			name = fmt.Sprintf("%s %d", l.Name, n)
		}
		all[name] = thing{is: l.Digest, bytes: l.DockerSize}
	}
	return all
}

func packagesOf(taken inspect.Anatomy) map[string]thing {
	all := map[string]thing{}
	for _, p := range taken.Contents("").Packages {
		all[p.Name] = thing{is: p.Version, bytes: p.DockerSize}
	}
	return all
}

func filesOf(entries map[string]content.Entry) map[string]thing {
	words := map[byte]string{tar.TypeReg: "file", tar.TypeDir: "folder", tar.TypeSymlink: "link", tar.TypeLink: "hard link"}
	all := map[string]thing{}
	for path, entry := range entries {
		file := thing{is: fmt.Sprintf("%s %04o %d:%d", cmp.Or(words[entry.Type], "device"), entry.Mode&0o7777, entry.UID, entry.GID), sum: entry.SHA256}
		switch entry.Type {
		case tar.TypeReg:
			file.bytes = entry.Size
		case tar.TypeSymlink:
			file.bytes = int64(len(entry.Link))
			file.is += " to " + entry.Link
		case tar.TypeLink:
			file.is += " to " + entry.Link
		}
		all[path] = file
	}
	return all
}

// changes returns the things that differ, the largest difference first.
func changes(from, to map[string]thing) []Change {
	var all []Change
	for name, a := range from {
		if b, is := to[name]; !is {
			all = append(all, Change{Name: name, From: a.is, By: -a.bytes})
		} else if a != b {
			all = append(all, Change{Name: name, From: a.is, To: b.is, By: b.bytes - a.bytes})
		}
	}
	for name, b := range to {
		if _, was := from[name]; !was {
			all = append(all, Change{Name: name, To: b.is, By: b.bytes})
		}
	}
	slices.SortFunc(all, func(a, b Change) int {
		return cmp.Or(cmp.Compare(max(b.By, -b.By), max(a.By, -a.By)), cmp.Compare(a.Name, b.Name))
	})
	return all
}

// replacements returns the values of the config that differ, by their keys. Variables and labels have a key each.
func replacements(from, to v1.ConfigFile) ([]Replacement, error) {
	a, err := values(from)
	if err != nil {
		return nil, err
	}
	b, err := values(to)
	if err != nil {
		return nil, err
	}
	keys := maps.Clone(a)
	maps.Copy(keys, b)
	var all []Replacement
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if a[key] != b[key] {
			all = append(all, Replacement{key, a[key], b[key]})
		}
	}
	return all, nil
}

func values(config v1.ConfigFile) (map[string]string, error) {
	text, err := json.Marshal(config.Config)
	if err != nil {
		return nil, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(text, &fields); err != nil {
		return nil, err
	}
	delete(fields, "Env")
	delete(fields, "Labels")
	all := map[string]string{"OS": config.OS, "Architecture": config.Architecture, "Variant": config.Variant}
	for key, value := range fields {
		all[key] = string(value)
	}
	for _, variable := range config.Config.Env {
		name, value, _ := strings.Cut(variable, "=")
		all["Env "+name] = value
	}
	for name, value := range config.Config.Labels {
		all["Label "+name] = value
	}
	return all, nil
}
