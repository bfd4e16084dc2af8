// Package layer makes image layers from files: a canonical tar, compressed by a pinned gzip.
package layer

import v1 "github.com/google/go-containerregistry/pkg/v1"

// Layer is a finished layer with the name it has in the image's history and in the size record.
type Layer struct {
	v1.Layer
	Name       string
	DockerSize int64 // bytes, counted as Docker's classic stores do
}
