package wsk

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/layout"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
)

// Image is an image as an action selects it.
type Image struct {
	Name       string // default name of its action
	Repository string // as it was typed: OpenWhisk takes it so
	Digest     v1.Hash
	Empty      bool // it is known to bring no action
	JSONLog    bool // its proxy writes the log as JSON, as far as is known

	img v1.Image // of the first platform, where it was looked at
}

// Tag returns the reference for OpenWhisk, which drops digests: the content tag, which every push sets and nobody
// moves.
func (i Image) Tag() string { return i.Repository + ":" + publish.ContentTag(i.Digest) }

// Reference is the reference by digest.
func (i Image) Reference() string { return i.Repository + "@" + i.Digest.String() }

// FromLayout returns the image in the OCI layout at dir, which is pushed to repo/NAME.
func FromLayout(dir, repo string) (Image, error) {
	index, err := layout.Read(dir)
	if err != nil {
		return Image{}, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return Image{}, fmt.Errorf("read %s: %w", dir, err)
	}
	image := Image{Name: manifest.Annotations[ocispec.AnnotationTitle]}
	if image.Name == "" {
		image.Name = layout.Name(dir)
	}
	image.Repository = strings.TrimSuffix(repo, "/") + "/" + image.Name
	if err := cmp.Or(registry.CheckRepository(repo), registry.CheckReference(image.Repository)); err != nil {
		return Image{}, fmt.Errorf("--repo, to which images are pushed as HOST/PATH/NAME: %w", err)
	}
	if image.Digest, err = index.Digest(); err != nil {
		return Image{}, fmt.Errorf("read %s: %w", dir, err)
	}
	img, err := firstImage(index)
	if err == nil {
		err = image.look(img, false)
	}
	if err != nil {
		return Image{}, fmt.Errorf("read %s: %w", dir, err)
	}
	return image, nil
}

// FromReference returns the image of a reference, by its digest or by its tag in the registry.
func FromReference(ctx context.Context, client *registry.Client, text string) (Image, error) {
	reference, err := client.Reference(text)
	if err != nil {
		return Image{}, err
	}
	repository, digest, byDigest := strings.Cut(text, "@")
	if !byDigest {
		repository = strings.TrimSuffix(text, ":"+reference.Identifier())
	} else if tag, err := name.NewTag(repository); err == nil {
		repository = strings.TrimSuffix(repository, ":"+tag.TagStr())
	}
	image := Image{Name: path.Base(reference.Context().RepositoryStr()), Repository: repository}
	if byDigest {
		image.Digest, err = v1.NewHash(digest)
		return image, err
	}
	if image.Digest, err = client.Resolve(ctx, reference); err != nil {
		return Image{}, err
	}
	content := reference.Context().Tag(publish.ContentTag(image.Digest))
	if content.Identifier() == reference.Identifier() {
		return image, nil
	}
	there, err := client.Resolve(ctx, content)
	if err != nil {
		return Image{}, fmt.Errorf("%w; OpenWhisk needs that tag beside %s: push the image with mkimage, which sets it", err, text)
	}
	if there != image.Digest {
		return Image{}, fmt.Errorf("%s names another image than %s: somebody has moved it; delete that tag and push again", content.Name(), text)
	}
	return image, nil
}
