package buildkit

import (
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/moby/buildkit/client"
	gateway "github.com/moby/buildkit/frontend/gateway/client"
)

// placeholder stands for the image's name.
const placeholder = "{name}"

// Cache is a place where builders leave what steps have made, for other builders or another time.
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
	fields, err := csv.NewReader(strings.NewReader(value)).Read()
	if err != nil {
		return Cache{}, fmt.Errorf("%s: want KEY=VALUE fields with commas between", value)
	}
	values := map[string]string{}
	for _, field := range fields {
		key, text, found := strings.Cut(field, "=")
		if !found || text == "" || values[key] != "" {
			return Cache{}, fmt.Errorf("%s: %q is not KEY=VALUE, or is there twice", value, field)
		}
		values[key] = text
	}
	keys := map[string]string{"registry": "ref", "local": folder}
	key, known := keys[values["type"]]
	if !known {
		return Cache{}, fmt.Errorf("%s: want type=registry,ref=REFERENCE or type=local,%s=DIR", value, folder)
	}
	if values[key] == "" || len(values) != 2 {
		return Cache{}, fmt.Errorf("%s: type=%s takes %s= and nothing else", value, values["type"], key)
	}
	return Cache{values["type"], values[key]}, nil
}

// CheckCaches returns an error where several images would overwrite each other's cache.
func CheckCaches(caches []Cache, images []string) error {
	for i, c := range caches {
		if len(images) > 1 && !strings.Contains(c.Where, placeholder) {
			return fmt.Errorf("--cache-to %s: %d images would all be kept there: put {name} into it", c.Where, len(images))
		}
		if slices.Contains(caches[:i], c) {
			return errors.New("--cache-to " + c.Where + " is given twice")
		}
	}
	return nil
}

// exported returns where the cache of an image goes: all of it, also what is not in the image itself.
func (c Cache) exported(image string) client.CacheOptionsEntry {
	where := strings.ReplaceAll(c.Where, placeholder, image)
	if c.Type == "local" {
		return client.CacheOptionsEntry{Type: "local", Attrs: map[string]string{"dest": where, "mode": "max"}}
	}
	return client.CacheOptionsEntry{Type: "registry", Attrs: map[string]string{
		"ref": where, "mode": "max", "oci-mediatypes": "true", "image-manifest": "true",
	}}
}

func (c Cache) imported(image string) client.CacheOptionsEntry {
	where := strings.ReplaceAll(c.Where, placeholder, image)
	key := map[string]string{"local": "src", "registry": "ref"}[c.Type]
	return client.CacheOptionsEntry{Type: c.Type, Attrs: map[string]string{key: where}}
}

// addCaches adds the caches to a solve. An image without steps has nothing that could be kept there.
func (s *solve) addCaches(options *client.SolveOpt) {
	if !s.steps() {
		return
	}
	for _, c := range s.engine.options.CacheTo {
		options.CacheExports = append(options.CacheExports, c.exported(s.name()))
	}
	for _, c := range s.engine.options.CacheFrom {
		options.CacheImports = append(options.CacheImports, c.imported(s.name()))
	}
}

// importsOf returns the caches to import, which the client hands to whoever defines the build.
func importsOf(offers gateway.BuildOpts) ([]gateway.CacheOptionsEntry, error) {
	text := offers.Opts["cache-imports"]
	if text == "" {
		return nil, nil
	}
	var imports []gateway.CacheOptionsEntry
	err := json.Unmarshal([]byte(text), &imports)
	return imports, err
}
