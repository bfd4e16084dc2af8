package layout

import (
	"archive/tar"
	"errors"
	"fmt"
	"io"
	"os"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// mostEntries of an archive are looked at for its list of images.
const mostEntries = 100_000

// Archive returns the image in an archive of docker save, or of --output type=docker, as an index with one entry.
func Archive(file string) (v1.ImageIndex, error) {
	if err := checkArchive(file); err != nil {
		return nil, fmt.Errorf("read the archive %s: %w", file, err)
	}
	image, err := tarball.ImageFromPath(file, nil)
	if err != nil {
		return nil, fmt.Errorf("read the archive %s: %w", file, human.OneLine(err))
	}
	return Alone(image)
}

// checkArchive returns the reason why a file is not an archive of one image.
func checkArchive(file string) error {
	f, err := os.Open(file)
	if err != nil {
		return human.Reason(err)
	}
	defer f.Close()
	isLayout := false
	for n, entries := 0, tar.NewReader(f); n < mostEntries; n++ {
		switch header, err := entries.Next(); {
		case err == io.EOF && isLayout:
			return errors.New("it is an archive of an OCI layout: unpack it with tar -xf, and name the folder")
		case err == io.EOF:
			return errors.New("it has no manifest.json: it is none of docker save")
		case err != nil && n == 0:
			return errors.New("it is no tar archive")
		case err != nil:
			return err
		case header.Name == "manifest.json":
			return nil
		case header.Name == "index.json":
			isLayout = true
		}
	}
	return fmt.Errorf("it has more than %d entries and no manifest.json among the first", mostEntries)
}
