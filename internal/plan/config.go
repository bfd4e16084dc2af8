package plan

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/action"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/variable"
	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

const (
	source = "https://github.com/sciabarracom/openwhisk-runtime-go"
	// The proxy, the part of Go's standard library that is linked into it, and the certificates.
	licenses = "Apache-2.0 AND BSD-3-Clause AND MPL-2.0"
)

// actionDir is the variable with the folder of the action.
const actionDir = "OW_ACTION_DIR"

// config returns how a container of the image is started.
func config(def images.Definition, languages []stemcells.Stemcell) (ocispec.ImageConfig, error) {
	user := fmt.Sprintf("%d:%[1]d", action.User)
	if len(def.Entrypoint) > 0 {
		own := slices.DeleteFunc(Variables(def, languages), func(variable string) bool {
			return strings.HasPrefix(variable, actionDir+"=") && def.Env[actionDir] == ""
		})
		return ocispec.ImageConfig{User: user, Env: own, Entrypoint: def.Entrypoint, Labels: def.Labels}, nil
	}
	port := "8080"
	if value, ok := def.Env["OW_PORT"]; ok {
		if number, err := strconv.ParseUint(value, 10, 16); err != nil || number == 0 {
			return ocispec.ImageConfig{}, fmt.Errorf("OW_PORT is %q, not a port from 1 to 65535", value)
		}
		port = value
	}
	return ocispec.ImageConfig{
		User:         user,
		ExposedPorts: map[string]struct{}{port + "/tcp": {}},
		Env:          Variables(def, languages),
		Entrypoint:   []string{"/" + proxyPath},
		WorkingDir:   "/" + action.Dir,
		Labels:       def.Labels,
	}, nil
}

// CheckServes returns an error for an image that cannot serve OpenWhisk: one of mkimage that has an entrypoint of its own.
func CheckServes(config *v1.ConfigFile) error {
	ours := []string{"/" + proxyPath, "/" + action.Exec}
	if entrypoint := config.Config.Entrypoint; content.IsOurs(config.History) && (len(entrypoint) != 1 || !slices.Contains(ours, entrypoint[0])) {
		return errors.New("the image has an entrypoint of its own and no proxy, so it serves no actions")
	}
	return nil
}

// Labels of images that bring an action. mkimage wsk goes by them; the proxy goes by the files, and by OW_MAIN.
const (
	ActionLabel = "io.github.sciabarracom.mkimage.action" // the file that is started: exec, or the file of a function
	MainLabel   = "io.github.sciabarracom.mkimage.main"   // the function that is called, if it is another than main
)

// bring adds the labels of an action to the config.
func (i *Image) bring(baked action.Baked, main string) {
	i.Config.Labels = maps.Clone(i.Config.Labels)
	if i.Config.Labels == nil {
		i.Config.Labels = map[string]string{}
	}
	i.Config.Labels[ActionLabel] = baked.Start
	if main != "" {
		i.Config.Labels[MainLabel] = main
		i.Config.Env = variable.With(i.Config.Env, [][2]string{{"OW_MAIN", main}})
	}
}

// Variables returns the environment of an image with these languages, as NAME=VALUE.
func Variables(def images.Definition, languages []stemcells.Stemcell) []string {
	return environment(withLanguages(def.Env, languages))
}

// withLanguages returns the variables of the stemcells, those of the definition, and the list of launchers. The
// definition overrules the stemcells, and a stemcell those after it.
func withLanguages(own map[string]string, languages []stemcells.Stemcell) map[string]string {
	all := map[string]string{}
	for _, language := range slices.Backward(languages) {
		maps.Copy(all, language.Env)
	}
	if launchers := stemcells.Launchers(languages); launchers != "" {
		all["OW_LAUNCHER"] = launchers
	}
	maps.Copy(all, own)
	return all
}

// environment returns the variables as NAME=VALUE: ours, which the definition may overrule, then its own by name.
func environment(own map[string]string) []string {
	ours := [][2]string{
		{"PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"},
		{"HOME", "/tmp"},
		{"TMPDIR", "/tmp"},
		{actionDir, "/" + action.Dir},
	}
	rest := maps.Clone(own)
	var variables []string
	for _, variable := range ours {
		name, value := variable[0], variable[1]
		if other, ok := own[name]; ok {
			value = other
			delete(rest, name)
		}
		variables = append(variables, name+"="+value)
	}
	for _, name := range slices.Sorted(maps.Keys(rest)) {
		variables = append(variables, name+"="+rest[name])
	}
	return variables
}

// annotations returns the annotations of the manifest and the index.
func annotations(def images.Definition) map[string]string {
	all := map[string]string{
		ocispec.AnnotationTitle:  def.Name,
		ocispec.AnnotationSource: source,
	}
	if def.Base == images.Scratch && def.Action == "" && len(def.Files) == 0 { // the licence of an action or a file is not known, and Alpine packages have many
		all[ocispec.AnnotationLicenses] = licenses
	}
	if def.Description != "" {
		all[ocispec.AnnotationDescription] = def.Description
	}
	return all
}

// ParseEpoch reads the value of $SOURCE_DATE_EPOCH: seconds since 1970, or nothing for 1970 itself.
// (https://reproducible-builds.org/specs/source-date-epoch/)
func ParseEpoch(value string) (time.Time, error) {
	if value == "" {
		return time.Unix(0, 0).UTC(), nil
	}
	seconds, err := strconv.ParseUint(value, 10, 33) // the largest number in a tar header
	if err != nil {
		return time.Time{}, fmt.Errorf("SOURCE_DATE_EPOCH=%s is not a number of seconds since 1970", value)
	}
	return time.Unix(int64(seconds), 0).UTC(), nil
}
