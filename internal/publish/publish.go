// Package publish writes finished images to the places that users name: an OCI layout, a docker archive, the local
// Docker Engine, a registry.
//
//	output, err := publish.Parse("type=oci,dest=dist/{name}")
//	result, err := publish.Write(ctx, output, "scratch", index)
//
// Whatever is written is read back and checked. Nothing is left half written: files and folders are renamed into place
// when they are whole, and tags are set when everything they name is there. Errors are one line that a person can act
// on, without credentials or upload addresses.
package publish

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

// Result says where an image was written.
type Result struct {
	Output
	Digest    string   `json:"digest"`             // of the index, as "sha256:…"
	Reference string   `json:"reference"`          // NAME@DIGEST, or REPOSITORY@DIGEST when pushed
	Tags      []string `json:"tags,omitempty"`     // what was tagged, as NAME:TAG or REPOSITORY:TAG
	Platform  string   `json:"platform,omitempty"` // the one that Docker and Daemon took
	SBOM      string   `json:"sbom,omitempty"`     // the file beside an OCI layout that lists what is in the image
}

// Write writes an image to a place. The output's {name} is replaced by the image's name. Docker and Daemon take one
// platform of the index: this machine's, or the only one there is.
func Write(ctx context.Context, output Output, image string, index v1.ImageIndex) (Result, error) {
	output = output.For(image)
	digest, err := index.Digest()
	if err != nil {
		return Result{}, err
	}
	result := Result{Output: output, Digest: digest.String(), Reference: image + "@" + digest.String()}
	switch output.Type {
	case OCI:
		err = writeLayout(ctx, output.Dest, index)
	case Docker:
		err = result.writeArchive(ctx, image, index)
	case Daemon:
		err = result.load(ctx, image, index)
	case Registry:
		err = result.push(ctx, index)
	default:
		err = fmt.Errorf("no output type %q", output.Type)
	}
	return result, err
}

// place names what the output overwrites for an image, so that two outputs can be told apart.
func (o Output) place(image string) string {
	if o.Dest != "" {
		return filepath.Clean(o.Dest)
	}
	return string(o.Type) + " " + cmp.Or(o.Ref, image)
}

// localTag is how an archive or the daemon calls an image: as the output says, else NAME:latest.
func (o Output) localTag(image string) (name.Tag, error) {
	ref := cmp.Or(o.Ref, image)
	tag, err := name.NewTag(ref)
	if err == nil && !strings.HasSuffix(ref, ":"+tag.TagStr()) {
		tag, err = name.NewTag(ref + ":" + tag.TagStr())
	}
	return tag, err
}
