package inspect

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/referrers"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/registry"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sbom"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sizes"
)

// The limits on bytes and images that are read from a registry.
const (
	maxPlatforms = 64
	maxAttached  = 64
	maxConfig    = 4 << 20 // bytes
)

// Remote returns the report of an image in a registry. It reads no layer.
func Remote(ctx context.Context, client *registry.Client, reference name.Reference) (Report, error) {
	image, err := open(ctx, client, reference)
	if err != nil {
		return Report{}, err
	}
	listed, err := image.attached.List(ctx, image.subject)
	if err != nil {
		image.warn("%v", err)
	}
	for _, l := range listed[:min(len(listed), maxAttached)] {
		image.take(ctx, l)
	}
	if more := len(listed) - maxAttached; more > 0 {
		image.warn("%d more are attached, and not looked at", more)
	}
	return image.finish(), ctx.Err()
}

// Statements returns all documents of provenance that are attached to the image, and its digest. Nothing of them was
// checked but that they are attached to it.
func Statements(ctx context.Context, client *registry.Client, reference name.Reference) (texts [][]byte, warnings []string, err error) {
	image, err := open(ctx, client, reference)
	if err != nil {
		return nil, nil, err
	}
	listed, err := image.attached.List(ctx, image.subject)
	if err != nil {
		return nil, nil, err
	}
	for _, l := range listed[:min(len(listed), maxAttached)] {
		attachment, err := image.attached.Open(ctx, image.subject, l)
		if err == nil && attachment.Kind != referrers.Provenance {
			continue
		}
		var text []byte
		if err == nil {
			text, err = image.attached.Read(ctx, image.subject, attachment)
		}
		if err != nil {
			image.warn("%v", err)
			continue
		}
		texts = append(texts, text)
	}
	return texts, image.report.Warnings, nil
}

// Document returns the first attachment of a kind that belongs to the image, unchanged.
func Document(ctx context.Context, client *registry.Client, reference name.Reference, kind referrers.Kind) ([]byte, []string, error) {
	image, err := open(ctx, client, reference)
	if err != nil {
		return nil, nil, err
	}
	listed, err := image.attached.List(ctx, image.subject)
	if err != nil {
		return nil, nil, err // it says why nothing is known
	}
	for _, l := range listed[:min(len(listed), maxAttached)] {
		attachment, err := image.attached.Open(ctx, image.subject, l)
		if err == nil && attachment.Kind != kind {
			continue
		}
		var text []byte
		if err == nil {
			text, err = image.use(ctx, attachment)
		}
		if err == nil {
			return text, image.report.Warnings, nil
		}
		image.warn("%v", err)
	}
	return nil, image.report.Warnings, fmt.Errorf("%s has no %s attached: %s", reference, kind, advice(kind))
}

// advice returns a sentence on when a document of a kind is attached.
func advice(kind referrers.Kind) string {
	switch kind {
	case referrers.Provenance:
		return "mkimage build --push does so, but with --attest none; mkimage push does not, for only the build knows where an image comes from"
	case referrers.SBOM:
		return "mkimage build --push and mkimage push do so, but with --sbom none"
	}
	return "mkimage build --push and mkimage push do so"
}

// Sizes returns the size record that is attached, of this image alone and as a build writes it.
func Sizes(ctx context.Context, client *registry.Client, reference name.Reference) (sizes.Record, []string, error) {
	text, warnings, err := Document(ctx, client, reference, referrers.Sizes)
	if err != nil {
		return sizes.Record{}, warnings, err
	}
	record, err := sizes.Parse(text)
	if err != nil {
		return sizes.Record{}, warnings, fmt.Errorf("inspect %s: %w", reference, err)
	}
	for i := range record.Images {
		record.Images[i].Contents = nil
	}
	return sizes.Record{}.With(record.Images...), warnings, nil
}

// remoteImage is an image in a registry that is being looked at.
type remoteImage struct {
	attached *referrers.Registry
	subject  referrers.Subject
	report   Report
	rows     map[string]sizes.Image    // of the attached record, by digest
	packages map[string][]sbom.Package // of the attached SBOM, by digest
}

// open reads manifests and configs.
func open(ctx context.Context, client *registry.Client, reference name.Reference) (*remoteImage, error) {
	found, err := remote.Get(reference, client.Options(ctx)...)
	if err != nil {
		return nil, client.Explain("inspect", reference, err)
	}
	digest := found.Digest.String()
	image := &remoteImage{
		attached: referrers.Reader(client),
		subject:  referrers.Subject{Repository: reference.Context(), Descriptor: v1.Descriptor{MediaType: found.MediaType, Size: found.Size, Digest: found.Digest}},
		report:   Report{Schema: Schema, Reference: reference.Context().Name() + "@" + digest, Digest: digest},
	}
	if found.MediaType.IsIndex() {
		err = image.addIndex(found)
	} else {
		err = image.addImage(found.Image())
	}
	if err != nil {
		return nil, client.Explain("inspect", reference, err)
	}
	return image, nil
}

func (i *remoteImage) addIndex(found *remote.Descriptor) error {
	index, err := found.ImageIndex()
	if err != nil {
		return err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return errors.New("its index is not JSON of the right form")
	}
	if len(manifest.Manifests) > maxPlatforms {
		return fmt.Errorf("its index has %d images, more than %d", len(manifest.Manifests), maxPlatforms)
	}
	for _, descriptor := range manifest.Manifests {
		if p := descriptor.Platform; p != nil && p.OS == "unknown" || !descriptor.MediaType.IsImage() {
			continue // BuildKit puts attestations into the index
		}
		if err := i.addImage(index.Image(descriptor.Digest)); err != nil {
			return err
		}
	}
	return nil
}

// addImage reads manifest and config of an image.
func (i *remoteImage) addImage(img v1.Image, err error) error {
	if err != nil {
		return err
	}
	digest, err := img.Digest()
	if err != nil {
		return err
	}
	manifest, err := img.Manifest()
	if err != nil {
		return errors.New("its manifest is not JSON of the right form")
	}
	if manifest.Config.Size < 0 || manifest.Config.Size > maxConfig {
		return fmt.Errorf("its config has %d bytes, more than %d MiB", manifest.Config.Size, maxConfig>>20)
	}
	config, err := img.ConfigFile()
	if err != nil {
		return err
	}
	one := Platform{Platform: string(images.PlatformOf(config.OS, config.Architecture, config.Variant)), Digest: digest.String(), CompressedSize: manifest.Config.Size}
	names := content.LayerNames(config.History, len(manifest.Layers))
	for n, l := range manifest.Layers {
		one.Layers = append(one.Layers, Layer{Name: names[n], Digest: l.Digest.String(), CompressedSize: l.Size})
		one.CompressedSize += l.Size
	}
	i.report.Platforms = append(i.report.Platforms, one)
	return nil
}

func (i *remoteImage) warn(format string, args ...any) {
	i.report.Warnings = append(i.report.Warnings, fmt.Sprintf(format, args...))
}
