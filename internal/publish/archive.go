package publish

import (
	"context"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/validate"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/atomicfile"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layout"
)

// writeArchive writes a file for "docker load". Its headers have no times and no owners: the same image gives the same
// bytes.
func (r *Result) writeArchive(ctx context.Context, image string, index v1.ImageIndex) error {
	img, platform, err := layout.Pick(index)
	if err != nil {
		return fmt.Errorf("write %s: %w", r.Dest, err)
	}
	tag, err := r.localTag(image)
	if err != nil {
		return err
	}
	r.Platform, r.Tags = platform, []string{tag.String()}
	err = atomicfile.File(r.Dest, func(f *os.File) error {
		if err := tarball.Write(tag, img, f); err != nil {
			return err
		}
		written, err := tarball.Image(func() (io.ReadCloser, error) { return os.Open(f.Name()) }, &tag)
		if err != nil {
			return err
		}
		if err := sameConfig(written, img); err != nil {
			return err
		}
		if err := validate.Image(written); err != nil {
			return fmt.Errorf("what was written is not what was built: %w", err)
		}
		return ctx.Err()
	})
	return explainWrite(r.Dest, err)
}

func sameConfig(written, built v1.Image) error {
	got, err := written.ConfigName()
	if err != nil {
		return err
	}
	want, err := built.ConfigName()
	if err != nil {
		return err
	}
	if got != want {
		return fmt.Errorf("what was written is not what was built: config %s, not %s", got, want)
	}
	return nil
}
