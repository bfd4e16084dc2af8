package compare

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"

	v1 "github.com/google/go-containerregistry/pkg/v1"
)

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
