package buildkit

import (
	"maps"
	"testing"
)

// TestPlacesOfCaches holds what builders are told of caches.
func TestPlacesOfCaches(t *testing.T) {
	registry, local := Cache{"registry", "r.example/cache/{name}"}, Cache{"local", "dir/{name}"}
	for _, test := range []struct {
		name     string
		cache    Cache
		insecure bool
		to, from map[string]string
	}{
		{"registry", registry, false,
			map[string]string{"ref": "r.example/cache/x", "mode": "max", "oci-mediatypes": "true", "image-manifest": "true"},
			map[string]string{"ref": "r.example/cache/x"}},
		{"registry in plain http", registry, true,
			map[string]string{"ref": "r.example/cache/x", "mode": "max", "oci-mediatypes": "true", "image-manifest": "true", "registry.insecure": "true"},
			map[string]string{"ref": "r.example/cache/x", "registry.insecure": "true"}},
		{"folder", local, true,
			map[string]string{"dest": "dir/x", "mode": "max"},
			map[string]string{"src": "dir/x"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			to, from := test.cache.exported("x", test.insecure), test.cache.imported("x", test.insecure)
			if to.Type != test.cache.Type || !maps.Equal(to.Attrs, test.to) {
				t.Errorf("kept in %v, want %v", to, test.to)
			}
			if from.Type != test.cache.Type || !maps.Equal(from.Attrs, test.from) {
				t.Errorf("taken from %v, want %v", from, test.from)
			}
		})
	}
}
