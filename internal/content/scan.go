package content

import (
	"archive/tar"
	"bufio"
	"bytes"
	"crypto/sha1" // #nosec: SPDX identifies files by it
	"crypto/sha256"
	"debug/buildinfo"
	"debug/elf"
	"encoding/hex"
	"fmt"
	"io"
	"slices"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/cache"
	"github.com/sciabarracom/openwhisk-runtime-go/internal/goparts"
)

const (
	mostText    = 64 << 20  // bytes of a text that is kept; the database of a full Alpine is some megabytes
	mostProgram = 512 << 20 // bytes of a program that is looked into
	mostWindow  = 128 << 20 // bytes that a zstd stream may ask to be remembered
)

// Scan reads the bytes of a layer as it is stored and sent: gzipped, packed with zstd, or bare.
func Scan(stored io.Reader) (Layer, error) {
	packed, bare := cache.NewMeter(io.Discard), cache.NewMeter(io.Discard)
	stored = io.TeeReader(stored, packed)
	archive, err := unpack(stored)
	if err != nil {
		return Layer{}, err
	}
	defer archive.Close()
	unpacked := io.TeeReader(archive, bare)
	var list List
	for entries := tar.NewReader(unpacked); ; {
		header, err := entries.Next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return Layer{}, err
		}
		if err := list.Add(header, entries); err != nil {
			return Layer{}, err
		}
	}
	for _, rest := range []io.Reader{unpacked, stored} { // bytes after the end of the archive count too
		if _, err := io.Copy(io.Discard, rest); err != nil {
			return Layer{}, err
		}
	}
	list.Digest, list.DiffID, list.TarSize = hashOf(packed), hashOf(bare), bare.Entry().Size
	return list.Layer, nil
}

// List lists the entries of an archive. The zero List has none.
type List struct {
	Layer // its digests and sizes are not set
	whole bytes.Buffer
}

// Add adds the next entry of the archive. A regular file is read.
func (l *List) Add(header *tar.Header, file io.Reader) error {
	entry := Entry{Path: CleanName(header.Name), Type: header.Typeflag, Mode: header.Mode, UID: header.Uid, GID: header.Gid, Link: header.Linkname}
	if header.Typeflag == tar.TypeReg {
		if err := l.look(&entry, header.Size, file); err != nil {
			return fmt.Errorf("%s: %w", header.Name, err)
		}
	}
	l.Entries = append(l.Entries, entry)
	return nil
}

// unpack returns the tar stream of a layer, by the first bytes of it.
func unpack(stored io.Reader) (io.ReadCloser, error) {
	buffered := bufio.NewReader(stored)
	start, err := buffered.Peek(4)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch {
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}):
		return gzip.NewReader(buffered)
	case bytes.Equal(start, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		reader, err := zstd.NewReader(buffered, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(mostWindow))
		if err != nil {
			return nil, err
		}
		return reader.IOReadCloser(), nil
	}
	return io.NopCloser(buffered), nil
}

// look reads a regular file. Only a program and a text that is kept are held in memory, one at a time: the program in
// memory that the next one may have.
func (l *List) look(entry *Entry, size int64, from io.Reader) error {
	whole := &l.whole
	whole.Reset()
	entry.Size = size
	sum1, sum256 := sha1.New(), sha256.New()
	from = io.TeeReader(from, io.MultiWriter(sum1, sum256))
	_, err := io.CopyN(whole, from, min(size, int64(len(elf.ELFMAG))))
	switch isText := slices.Contains([]string{DatabasePath, WorldPath, OSReleasePath, UsersPath, GroupsPath}, entry.Path); {
	case err != nil:
	case isText && size > mostText:
		err = fmt.Errorf("it has %d bytes, and at most %d are read", size, mostText)
	case isText:
		_, err = io.Copy(whole, from)
		if l.Texts == nil {
			l.Texts = map[string][]byte{}
		}
		l.Texts[entry.Path] = bytes.Clone(whole.Bytes())
	case whole.String() == elf.ELFMAG && size <= mostProgram:
		whole.Grow(int(min(size, mostText)) + bytes.MinRead) // more only where it is there
		if _, err = io.Copy(whole, from); err == nil {
			entry.Program, _ = buildinfo.Read(bytes.NewReader(whole.Bytes())) // the error is that it is no Go program
			entry.Parts, _ = goparts.Read(whole.Bytes())                      // likewise
		}
	default:
		_, err = io.Copy(io.Discard, from)
	}
	entry.SHA1, entry.SHA256 = hex.EncodeToString(sum1.Sum(nil)), hex.EncodeToString(sum256.Sum(nil))
	return err
}

func hashOf(measured *cache.Meter) v1.Hash {
	return v1.Hash{Algorithm: "sha256", Hex: measured.Entry().SHA256}
}
