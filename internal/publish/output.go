package publish

import (
	"errors"
	"fmt"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/destination"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
)

// Type is a kind of sink.
type Type string

const (
	OCI      Type = "oci"      // an OCI image layout: a folder
	Docker   Type = "docker"   // a docker archive: a file that "docker load" reads
	Daemon   Type = "daemon"   // the local Docker Engine
	Registry Type = "registry" // a repository of a registry
)

// Output is one place that images are written to, as --output describes it.
type Output struct {
	Type Type     `json:"type"`
	Dest string   `json:"dest,omitempty"` // of OCI and Docker: a path
	Ref  string   `json:"ref,omitempty"`  // of Registry, and where given of Docker and Daemon: a reference without digest
	Tags []string `json:"-"`              // of Registry: more tags than the one in Ref
}

// keysOf holds the keys that a type takes beside "type", and whether it must have them.
func keysOf(t Type) (allowed []string, required string) {
	switch t {
	case OCI:
		return []string{"dest"}, "dest"
	case Docker:
		return []string{"dest", "ref"}, "dest"
	case Daemon:
		return []string{"ref"}, ""
	case Registry:
		return []string{"ref"}, "ref"
	}
	return nil, ""
}

func typeNames() []string {
	return []string{string(OCI), string(Docker), string(Daemon), string(Registry)}
}

// Default is the output if none is given.
func Default() Output { return Output{Type: OCI, Dest: "dist/" + destination.Placeholder} }

// Parse reads one value of --output: fields KEY=VALUE with commas between them. A field that holds a comma stands in
// double quotes (as in CSV). Examples:
//
//	type=oci,dest=dist/scratch
//	type=registry,ref=registry.example.org/actions/{name}
func Parse(value string) (Output, error) {
	output, err := parse(value)
	if err != nil {
		return Output{}, fmt.Errorf("--output %s: %w", value, err)
	}
	return output, nil
}

func parse(value string) (Output, error) {
	values, err := destination.Parse(value, "type=oci,dest=")
	if err != nil {
		return Output{}, err
	}
	output := Output{Type: Type(values["type"]), Dest: values["dest"], Ref: values["ref"]}
	if err := output.check(values); err != nil {
		return Output{}, err
	}
	return output, nil
}

// To returns the output that pushes to REPOSITORY[:TAG], in which {name} may stand.
func To(ref string) (Output, error) {
	output := Output{Type: Registry, Ref: ref}
	return output, output.check(map[string]string{"ref": ref})
}

func (o Output) check(values map[string]string) error {
	allowed, required := keysOf(o.Type)
	if o.Type == "" {
		return errors.New("type is missing: it is one of " + strings.Join(typeNames(), ", "))
	}
	if _, err := suggest.OneOf(string(o.Type), typeNames()...); err != nil {
		return fmt.Errorf("type %w", err)
	}
	for key := range values {
		if _, err := suggest.OneOf(key, append([]string{"type"}, allowed...)...); err != nil {
			return fmt.Errorf("type=%s: key %w", o.Type, err)
		}
	}
	if required != "" && values[required] == "" {
		return fmt.Errorf("type=%s needs %s=%s", o.Type, required, map[string]string{"dest": "PATH", "ref": "REPOSITORY[:TAG]"}[required])
	}
	if o.Ref != "" {
		return o.checkRef()
	}
	return nil
}

func (o Output) checkRef() error {
	if err := registry.CheckReference(o.Ref); err != nil {
		return err
	}
	tag, err := name.NewTag(destination.Fill(o.Ref, "name"))
	if err == nil && o.Type == Registry && strings.HasSuffix(o.Ref, ":"+tag.TagStr()) {
		err = CheckTag(tag.TagStr())
	}
	return err
}

// String is the output as Parse reads it.
func (o Output) String() string {
	fields := []string{"type=" + string(o.Type)}
	if o.Dest != "" {
		fields = append(fields, "dest="+o.Dest)
	}
	if o.Ref != "" {
		fields = append(fields, "ref="+o.Ref)
	}
	for i, field := range fields {
		if strings.ContainsAny(field, ",\"\n") {
			fields[i] = `"` + strings.ReplaceAll(field, `"`, `""`) + `"`
		}
	}
	return strings.Join(fields, ",")
}

// For returns the output with the image's name in place of {name}.
func (o Output) For(image string) Output {
	o.Dest = destination.Fill(o.Dest, image)
	o.Ref = destination.Fill(o.Ref, image)
	return o
}

// Check returns an error unless these outputs keep these images apart: with several images, every dest and ref needs
// {name}, and no two outputs may write to one place.
func Check(outputs []Output, images []string) error {
	taken := map[string]bool{}
	for _, output := range outputs {
		for _, value := range []string{output.Dest, output.Ref} {
			if value != "" && !destination.Apart(value, len(images)) {
				return fmt.Errorf("--output %s: %d images would all go to %s: put {name} into it", output, len(images), value)
			}
		}
		for _, image := range images {
			if filled := output.For(image); filled.Ref != "" {
				if err := filled.checkRef(); err != nil {
					return fmt.Errorf("--output %s: %w", output, err)
				}
			}
			place := output.For(image).place(image)
			if taken[place] {
				return fmt.Errorf("--output %s: another output goes to the same place", output)
			}
			taken[place] = true
		}
	}
	return nil
}

// Title returns the name of the step that writes the output.
func (o Output) Title() string {
	switch o.Type {
	case OCI, Docker:
		return "write " + o.Dest
	case Daemon:
		return "load into the Docker Engine"
	}
	return "push to " + o.Ref
}
