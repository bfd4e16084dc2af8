package build

import (
	v1 "github.com/google/go-containerregistry/pkg/v1"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/publish"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/sbom"
)

// rootsModule is where the certificates of base scratch are from.
const rootsModule = "golang.org/x/crypto/x509roots/fallback"

// makeSBOM returns the document that lists the content of an image, or nil if no output gets one. It fails if a file
// that is not a document of ours stands in its place.
func (r *run) makeSBOM(name string, index v1.ImageIndex) ([]byte, error) {
	wanted := false
	for _, output := range r.Outputs {
		switch {
		case r.SBOM != sbom.SPDX:
		case output.Type == publish.OCI:
			if err := sbom.Check(sbom.Beside(output.For(name).Dest)); err != nil {
				return nil, err
			}
			wanted = true
		case output.Type == publish.Registry:
			wanted = true
		}
	}
	if !wanted {
		return nil, nil
	}
	sources := sbom.Sources{Cache: r.Cache}
	if r.Module != nil {
		sources.Roots = r.Module.Requires(rootsModule)
	}
	return sbom.Make(name, index, sources)
}

// writeSBOM writes a document beside a layout, or removes a former one, which does not fit any more.
func writeSBOM(written *publish.Result, document []byte) error {
	if written.Type != publish.OCI {
		return nil
	}
	path := sbom.Beside(written.Dest)
	if document == nil {
		return sbom.Remove(path)
	}
	written.SBOM = path
	return sbom.Write(path, document)
}
