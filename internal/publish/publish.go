// Package publish writes finished images to the places that users name: an OCI layout, a docker archive, the local
// Docker Engine, a registry.
//
//	output, err := publish.Parse("type=registry,ref=registry.example.org/actions/{name}:dev")
//	publisher := &publish.Publisher{Registry: client}
//	result, err := publisher.Write(ctx, output, publish.Image{Name: "scratch", Index: index}, step.Note)
//	err = publisher.SetTags(ctx, &result) // of a registry, when all that belongs to the image is there
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

	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
)

// Publisher writes the images of one run, several at a time. It knows which blobs it has pushed where. The zero value
// writes to all but registries.
type Publisher struct {
	Registry    *registry.Client
	NoOverwrite bool // tags that exist stay as they are

	sharedBlobs sharedBlobs
	attempts    attempts
}

// Image is an image to write.
type Image struct {
	Name  string
	Index v1.ImageIndex
}

// Result is an image as it was written to an output.
type Result struct {
	Output
	Digest    string    `json:"digest"`             // of the index, as "sha256:…"
	Reference string    `json:"reference"`          // NAME@DIGEST, or REPOSITORY@DIGEST when pushed
	Tags      []string  `json:"tags,omitempty"`     // the tags that were set, as NAME:TAG or REPOSITORY:TAG
	Platform  string    `json:"platform,omitempty"` // the one that Docker and Daemon took
	Transfer  *Transfer `json:"transfer,omitempty"` // the blobs of a push
	SBOM      string    `json:"sbom,omitempty"`     // the SBOM beside an OCI layout

	pushed *push // of a registry
}

// Repository returns the repository that the image was pushed to.
func (r Result) Repository() name.Repository { return r.pushed.repository }

// New reports whether the repository had nothing of the pushed image before: neither its content tag nor an image of it.
func (r Result) New() bool { return r.pushed.fresh }

// Detail returns the result of a push in words, or "" for other outputs.
func (r Result) Detail() string {
	if r.Transfer == nil {
		return ""
	}
	return r.Transfer.String()
}

// Write writes an image to a place. The output's {name} is replaced by the image's name. Docker and Daemon take one
// platform of the index: this machine's, or the only one there is. A push notes how far it is, and leaves the tags to
// SetTags.
func (p *Publisher) Write(ctx context.Context, output Output, image Image, note func(string)) (Result, error) {
	output = output.For(image.Name)
	digest, err := image.Index.Digest()
	if err != nil {
		return Result{}, err
	}
	result := Result{Output: output, Digest: digest.String(), Reference: image.Name + "@" + digest.String()}
	switch output.Type {
	case OCI:
		err = writeLayout(ctx, output.Dest, image.Index)
	case Docker:
		err = result.writeArchive(ctx, image.Name, image.Index)
	case Daemon:
		err = result.load(ctx, image.Name, image.Index)
	case Registry:
		err = p.push(ctx, &result, image, note)
	default:
		err = fmt.Errorf("no output type %q", output.Type)
	}
	return result, err
}

// place names the destination of an image, so that two outputs can be compared.
func (o Output) place(image string) string {
	if o.Dest != "" {
		return filepath.Clean(o.Dest)
	}
	return string(o.Type) + " " + cmp.Or(o.Ref, image)
}

// localTag returns the name of an image in an archive or the daemon: the output's, else NAME:latest.
func (o Output) localTag(image string) (name.Tag, error) {
	ref := cmp.Or(o.Ref, image)
	tag, err := name.NewTag(ref)
	if err == nil && !strings.HasSuffix(ref, ":"+tag.TagStr()) {
		tag, err = name.NewTag(ref + ":" + tag.TagStr())
	}
	return tag, err
}
