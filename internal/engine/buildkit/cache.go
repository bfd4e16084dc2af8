package buildkit

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/moby/buildkit/client"
	"github.com/moby/buildkit/client/ociindex"
	gateway "github.com/moby/buildkit/frontend/gateway/client"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/destination"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
)

// Cache is a place where builders keep the layers of steps, for other builders and later builds.
type Cache struct {
	Type  string // registry or local
	Where string // a reference, or a folder of this machine
}

// ParseCache reads the value of --cache-to or --cache-from, without a folder's key:
//
//	type=registry,ref=registry.example.org/cache/{name}
//	type=local,dest=DIR     of --cache-to
//	type=local,src=DIR      of --cache-from
//
// folder is that key: dest or src.
func ParseCache(value, folder string) (Cache, error) {
	values, err := destination.Parse(value, "type=local,"+folder+"=")
	if err != nil {
		return Cache{}, fmt.Errorf("%s: %w", value, err)
	}
	keys := map[string]string{"registry": "ref", "local": folder}
	key, known := keys[values["type"]]
	if !known {
		return Cache{}, fmt.Errorf("%s: want type=registry,ref=REFERENCE or type=local,%s=DIR", value, folder)
	}
	if values[key] == "" || len(values) != 2 {
		return Cache{}, fmt.Errorf("%s: type=%s takes %s= and nothing else", value, values["type"], key)
	}
	if key == "ref" {
		if err := registry.CheckReference(values[key]); err != nil {
			return Cache{}, fmt.Errorf("%s: %w", value, err)
		}
	}
	return Cache{values["type"], values[key]}, nil
}

// CheckCaches returns an error if several images would overwrite each other's cache.
func CheckCaches(caches []Cache, images []string) error {
	for i, c := range caches {
		if !destination.Apart(c.Where, len(images)) {
			return fmt.Errorf("--cache-to %s: %d images would all be kept there: put {name} into it", c.Where, len(images))
		}
		if slices.Contains(caches[:i], c) {
			return errors.New("--cache-to " + c.Where + " is given twice")
		}
	}
	return nil
}

// exported returns the place to export an image's cache to, with all layers, also those that the image does not have.
func (c Cache) exported(image string, insecure bool) client.CacheOptionsEntry {
	entry := c.entry(image, "dest", insecure)
	entry.Attrs["mode"] = "max"
	if c.Type == "registry" {
		entry.Attrs["oci-mediatypes"], entry.Attrs["image-manifest"] = "true", "true"
	}
	return entry
}

// imported returns the place to import an image's cache from.
func (c Cache) imported(image string, insecure bool) client.CacheOptionsEntry {
	return c.entry(image, "src", insecure)
}

// entry returns the place of an image's cache; folder is the key for a local one.
func (c Cache) entry(image, folder string, insecure bool) client.CacheOptionsEntry {
	key := map[string]string{"local": folder, "registry": "ref"}[c.Type]
	attributes := map[string]string{key: destination.Fill(c.Where, image)}
	if insecure && c.Type == "registry" {
		attributes["registry.insecure"] = "true"
	}
	return client.CacheOptionsEntry{Type: c.Type, Attrs: attributes}
}

// addCaches adds the caches to a solve. An image without steps has nothing to cache.
func (s *solve) addCaches(options *client.SolveOpt) {
	if !s.steps() {
		return
	}
	for _, c := range s.engine.options.CacheTo {
		options.CacheExports = append(options.CacheExports, c.exported(s.name(), s.engine.options.Insecure))
	}
	for _, c := range s.engine.options.CacheFrom {
		if why := c.missing(s.name()); why != "" {
			s.engine.display.Text(fmt.Sprintf("%s: --cache-from type=local,src=%s: %s", s.name(), destination.Fill(c.Where, s.name()), why))
		}
		options.CacheImports = append(options.CacheImports, c.imported(s.name(), s.engine.options.Insecure))
	}
}

// missing returns why the client takes nothing from a folder, about which it says nothing itself.
func (c Cache) missing(image string) string {
	if c.Type != "local" {
		return ""
	}
	found, err := ociindex.NewStoreIndex(destination.Fill(c.Where, image)).Get("latest")
	switch {
	case errors.Is(err, fs.ErrNotExist), err == nil && found == nil:
		return withoutCache("not found")
	case err != nil:
		return withoutCache(err.Error())
	}
	return ""
}

// importsOf returns the caches to import, as the client hands them to the build.
func importsOf(offers gateway.BuildOpts) ([]gateway.CacheOptionsEntry, error) {
	text := offers.Opts["cache-imports"]
	if text == "" {
		return nil, nil
	}
	var imports []gateway.CacheOptionsEntry
	err := json.Unmarshal([]byte(text), &imports)
	return imports, err
}
