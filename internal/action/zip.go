package action

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strings"
	"time"

	"github.com/klauspost/compress/flate"

	"github.com/sciabarracom/openwhisk-runtime-go/images"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/content"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/layer"
	"github.com/sciabarracom/openwhisk-runtime-go/proxy/code"
	"github.com/sciabarracom/openwhisk-runtime-go/stemcells"
)

// mostPacked is how much an upload unpacks to at most, in bytes: every container unpacks it once more, into a memory of
// 256 MB unless the action asks for another.
const mostPacked = 256 << 20

// Pack returns the files of an upload, checked as far as that can be done without the image that it is for.
func (s *Source) Pack(ctx context.Context, platform images.Platform) (Baked, error) {
	if s.compile != nil {
		return s.bakeGo(ctx, platform)
	}
	if name := filepath.Base(s.path); s.folder == nil && len(s.content) > 0 && code.KindOf(s.content) == code.Text && stemcellOf(s.options.Stemcells, name) == "" {
		return Baked{}, fmt.Errorf("pack %s: its name does not tell the language: call it %s", show(s.path), s.options.extensions())
	}
	packed, err := s.bake("pack", platform, anyImage(s.options.Stemcells))
	if err != nil {
		return packed, err
	}
	size := packed.Size()
	switch {
	case len(packed.Files) > code.MostEntries:
		err = fmt.Errorf("%s has %d files and folders, and an upload has %d at most", show(s.path), len(packed.Files), code.MostEntries)
	case size > mostPacked:
		err = fmt.Errorf("%s is too large for an upload: it has %s, which every container would unpack", show(s.path), human.Bytes(size))
	}
	if err != nil {
		err = fmt.Errorf("%w: bake it into the image with mkimage build --action", err)
	}
	return packed, err
}

// extensions lists those of functions, for messages.
func (o Options) extensions() string {
	var all []string
	for _, name := range o.Stemcells.Names() {
		if main := o.Stemcells[name].Main; len(main) > 0 {
			all = append(all, "*"+path.Ext(main[0]))
		}
	}
	return strings.Join(all, " or ")
}

// anyImage returns the tree of an image that has all stemcells, and every file that an action may need.
func anyImage(known stemcells.Set) Tree {
	all, _ := known.Pick(known.Names()) // which it knows
	var files layer.Layer
	for _, stemcell := range all {
		for _, file := range stemcell.Image() {
			files.Entries = append(files.Entries, content.Entry{Path: file.Path, Type: tar.TypeReg, Mode: 0o644})
		}
	}
	tree := NewTree([]string{"OW_LAUNCHER=" + stemcells.Launchers(all)}, files)
	for _, stemcell := range all {
		for _, file := range stemcell.Image() {
			tree.Know(file.Path, file.Content)
		}
	}
	tree.any = true
	return tree.Open()
}

// ErrTooLarge is returned for an archive that is larger than was asked for.
var ErrTooLarge = errors.New("it is too large")

// Zip packs an action for an upload, in a zip of at most so many bytes. The same files give the same bytes, with a time
// that zip can hold and a compressor whose version is pinned.
func Zip(files []layer.File, most int) ([]byte, error) {
	packed := &bounded{most: most}
	archive := zip.NewWriter(packed)
	compressor, err := flate.NewWriter(nil, flate.BestCompression) // for all files: a new one takes longer than a small file
	if err != nil {
		return nil, err
	}
	archive.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) {
		compressor.Reset(w)
		return compressor, nil
	})
	for _, file := range files {
		if err := add(archive, file); err != nil {
			return nil, fmt.Errorf("pack %s: %w", show(strings.TrimPrefix(file.Path, Dir+"/")), err)
		}
	}
	if err := archive.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

func add(archive *zip.Writer, file layer.File) error {
	header := &zip.FileHeader{Name: strings.TrimPrefix(file.Path, Dir+"/"), Method: zip.Deflate, Modified: time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)}
	if file.Mode.IsDir() {
		header.Name, header.Method = header.Name+"/", zip.Store
	}
	header.SetMode(file.Mode)
	w, err := archive.CreateHeader(header)
	switch {
	case err != nil || file.Mode.IsDir():
		return err
	case file.Open == nil: // a symlink
		_, err = io.WriteString(w, file.Link)
		return err
	}
	opened, err := file.Open()
	if err != nil {
		return err
	}
	defer opened.Close()
	_, err = io.Copy(w, opened)
	return err
}

// bounded is a buffer that takes so many bytes.
type bounded struct {
	bytes.Buffer
	most int
}

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > b.most {
		return 0, ErrTooLarge
	}
	return b.Buffer.Write(p)
}
