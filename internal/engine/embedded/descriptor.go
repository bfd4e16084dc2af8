package embedded

import (
	"encoding/json"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
	digest "github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// marshal writes a manifest or an index in the form that BuildKit writes too.
func marshal(document any) ([]byte, error) { return json.MarshalIndent(document, "", "  ") }

// descriptor describes content that is in memory.
func descriptor(mediaType types.MediaType, content []byte) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: string(mediaType), Digest: digest.FromBytes(content), Size: int64(len(content))}
}

func layerDescriptor(l layer.Layer) (ocispec.Descriptor, error) {
	mediaType, err := l.MediaType()
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	sum, err := l.Digest()
	if err != nil {
		return ocispec.Descriptor{}, err
	}
	size, err := l.Size()
	return ocispec.Descriptor{MediaType: string(mediaType), Digest: digest.Digest(sum.String()), Size: size}, err
}

// hash returns the digest of a descriptor as go-containerregistry has it.
func hash(described ocispec.Descriptor) v1.Hash {
	return v1.Hash{Algorithm: described.Digest.Algorithm().String(), Hex: described.Digest.Encoded()}
}
