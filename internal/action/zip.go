package action

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/flate"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
)

// Zip packs a program for an upload: a zip whose only entry is exec, executable. The same program gives the same bytes,
// with a time that zip can hold and a compressor whose version is pinned.
func Zip(program []byte) ([]byte, error) {
	var packed bytes.Buffer
	archive := zip.NewWriter(&packed)
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		return flate.NewWriter(w, flate.BestCompression)
	})
	header := &zip.FileHeader{Name: "exec", Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
	header.SetMode(0o755)
	entry, err := archive.CreateHeader(header)
	if err == nil {
		_, err = entry.Write(program)
	}
	if err == nil {
		err = archive.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("pack exec: %w", err)
	}
	return packed.Bytes(), nil
}

// Compile returns the program of a Go package for a platform, and whether it links the openwhisk library.
func (s *Source) Compile(ctx context.Context, platform images.Platform) (program []byte, links bool, err error) {
	if s.compile == nil {
		return nil, false, fmt.Errorf("%s is not a folder: name that of a Go package", s.path)
	}
	program, err = s.compile(ctx, platform)
	return program, linksLibrary(program), err
}
