package layout

import (
	"errors"
	"fmt"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/tarball"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// mostEntries is how many files an archive of images may have.
const mostEntries = 100_000

// Archive returns the image in an archive of docker save, or of --output type=docker, as an index with one entry, or the
// index in an archive of an OCI layout.
func Archive(file string) (v1.ImageIndex, error) {
	index, err := readArchive(file)
	if err != nil {
		return nil, fmt.Errorf("read the archive %s: %w", file, human.OneLine(err))
	}
	return index, nil
}

func readArchive(file string) (v1.ImageIndex, error) {
	inside, err := readPacked(file)
	if err != nil {
		return nil, err
	}
	switch _, saved := inside.files["manifest.json"]; {
	case saved:
		image, err := tarball.ImageFromPath(file, nil)
		if err != nil {
			return nil, err
		}
		return Alone(image)
	case !inside.isLayout():
		return nil, errors.New("it has neither a manifest.json, as docker save writes it, nor an OCI layout")
	}
	text, err := inside.document("index.json")
	if err != nil {
		return nil, err
	}
	top, err := inside.index(text)
	if err == nil {
		top, err = choose(top, "")
	}
	if err != nil {
		return nil, err
	}
	return flat(top)
}
