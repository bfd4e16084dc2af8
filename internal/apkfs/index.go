package apkfs

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/klauspost/compress/gzip"
)

const (
	indexFile = "APKINDEX.tar.gz"

	maxIndex         = 64 << 20 // bytes; community of v3.22 has 2 MB
	maxUnzippedIndex = 300 << 20
)

// index is a repository's list of packages, verified.
type index struct {
	repository string
	signer     string // the name of the key
	raw        []byte // with its signature
	packages   []record
}

// opened is an index that is fetched once and verified once.
type opened struct {
	repository, at string
	turn           chan struct{} // of length 1: full while somebody fetches
	fetched        bool
	raw            []byte
	sum            string // the SHA-256 of raw, in hexadecimal
	missing        error
	read           sync.Once
	index          *index
	err            error
}

// fetchIndex returns the index of a repository, not verified yet. The error is [fs.ErrNotExist] if the mirror has no
// such repository.
func (s *Source) fetchIndex(ctx context.Context, w World, repository string) (*opened, error) {
	at := w.at(repository, indexFile)
	s.mutex.Lock()
	entry := s.indexes[at]
	if entry == nil {
		entry = &opened{repository: repository, at: at, turn: make(chan struct{}, 1)}
		s.indexes[at] = entry
	}
	s.mutex.Unlock()
	select {
	case entry.turn <- struct{}{}:
	case <-ctx.Done():
		return entry, context.Cause(ctx)
	}
	defer func() { <-entry.turn }()
	if entry.fetched {
		return entry, entry.missing
	}
	raw, err := s.mirror.get(ctx, at, maxIndex)
	if err != nil && ctx.Err() != nil { // this caller has given up, the next one has not
		return entry, err
	}
	entry.raw, entry.sum, entry.missing, entry.fetched = raw, hexSum(raw), err, true
	return entry, err
}

// readIndex verifies an index and reads it.
func (s *Source) readIndex(w World, entry *opened) (*index, error) {
	entry.read.Do(func() {
		entry.index, entry.err = s.verifyIndex(w, entry.repository, entry.raw)
		if entry.err != nil {
			entry.err = fmt.Errorf("index %s: %w", s.mirror.full(entry.at), entry.err)
		}
	})
	return entry.index, entry.err
}

// allIndexes returns the indexes of the release's repositories, verified.
func (s *Source) allIndexes(ctx context.Context, w World) ([]*index, error) {
	fetched, err := s.fetchIndexes(ctx, w)
	if err != nil {
		return nil, err
	}
	var indexes []*index
	for _, one := range fetched {
		found, err := s.readIndex(w, one)
		if err != nil {
			return nil, err
		}
		indexes = append(indexes, found)
	}
	return indexes, nil
}

// fetchIndexes returns the indexes of the release's repositories, not verified yet.
func (s *Source) fetchIndexes(ctx context.Context, w World) ([]*opened, error) {
	if s.mirror.plain() {
		return nil, fmt.Errorf("the Alpine mirror %s is not encrypted, so that somebody on the way could show an old index; take https, or make a lock with another mirror first", s.mirror.base.Redacted())
	}
	var indexes []*opened
	for i, repository := range repositories() {
		found, err := s.fetchIndex(ctx, w, repository)
		switch {
		case err == nil && i > 0 && isPage(found.raw):
		case err == nil:
			indexes = append(indexes, found)
		case errors.Is(err, fs.ErrNotExist) && i == 0:
			return nil, s.noRelease(w)
		case absent(err) && i > 0:
		default:
			return nil, err
		}
	}
	return indexes, nil
}

// absent reports whether an error means that there is no such repository. Object stores answer 403 for a missing file
// to clients that may not list files.
func absent(err error) bool {
	var answer *answerError
	return errors.Is(err, fs.ErrNotExist) || errors.As(err, &answer) && answer.status == http.StatusForbidden
}

// isPage reports whether the bytes are a web page: some servers answer with one in place of a missing file.
func isPage(raw []byte) bool {
	return strings.HasPrefix(http.DetectContentType(raw), "text/html")
}

// lacking names the repositories that are taken for missing although their answer could mean something else.
func (s *Source) lacking(w World) string {
	var names []string
	s.mutex.Lock()
	defer s.mutex.Unlock()
	for i, repository := range repositories() {
		entry := s.indexes[w.at(repository, indexFile)]
		var answer *answerError
		switch {
		case i == 0 || entry == nil:
		case errors.As(entry.missing, &answer) && !errors.Is(answer, fs.ErrNotExist):
			names = append(names, fmt.Sprintf("%s (the server answers %d %s)", repository, answer.status, http.StatusText(answer.status)))
		case entry.missing == nil && isPage(entry.raw):
			names = append(names, repository+" (the server answers with a web page)")
		}
	}
	if len(names) == 0 {
		return ""
	}
	return "; the mirror has no " + strings.Join(names, ", no ")
}

// noRelease returns an error for a mirror that lacks a release, or one architecture of it.
func (s *Source) noRelease(w World) error {
	text := fmt.Sprintf("the Alpine mirror %s has no release %s for %s", s.mirror.full(""), w.Release, w.arch())
	if releases := s.releases(w.arch()); len(releases) > 0 {
		text += "; it has " + strings.Join(releases, ", ")
	}
	return errors.New(text)
}

// verifyIndex checks that a trusted key has signed the index.
func (s *Source) verifyIndex(w World, repository string, raw []byte) (*index, error) {
	signers, err := signatures(raw)
	if err != nil {
		return nil, fmt.Errorf("this is not an index of packages (%w); is that an Alpine mirror?", err)
	}
	trusted, err := s.trusted(w.arch())
	if err != nil {
		return nil, err
	}
	known := slices.DeleteFunc(slices.Clone(signers), func(s signature) bool { return trusted[s.name] == nil })
	if len(known) == 0 {
		if len(signers) == 0 {
			return nil, errors.New("it is not signed")
		}
		return nil, fmt.Errorf("it is signed with %s, a key that is not trusted for %s; if you trust it, give its file with --alpine-key", names(signers), w.arch())
	}
	content, err := signed(raw)
	if err != nil {
		return nil, err
	}
	for _, signer := range known {
		if signer.verify(content, trusted[signer.name]) == nil {
			packages, err := packagesOf(content)
			return &index{repository, signer.name, raw, packages}, err
		}
	}
	return nil, fmt.Errorf("its signature by %s does not match: the index or the key has changed", names(known))
}

// packagesOf reads an index. The stream of its signatures, which nobody has signed, is not a part of it.
func packagesOf(signed []byte) ([]record, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(signed))
	if err != nil {
		return nil, err
	}
	for archive := tar.NewReader(io.LimitReader(unzipped, maxUnzippedIndex)); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil, errors.New("it has no file APKINDEX")
		}
		if err != nil {
			return nil, err
		}
		if header.Name == "APKINDEX" {
			text, err := io.ReadAll(archive)
			if err != nil {
				return nil, err
			}
			return readRecords(text)
		}
	}
}
