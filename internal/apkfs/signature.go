package apkfs

import (
	"archive/tar"
	"bytes"
	"crypto"
	"crypto/rsa"
	_ "crypto/sha1"
	_ "crypto/sha256"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// A signature is a file .SIGN.RSA.NAME or .SIGN.RSA256.NAME in a gzip stream of its own, which stands before those that
// it signs.
type signature struct {
	name  string // of the key: alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub
	hash  crypto.Hash
	bytes []byte
}

// maxSignatures is the size of a stream of signatures, unzipped, in bytes.
const maxSignatures = 1 << 20

// signatures returns the signatures of an index or a package. One of another kind has the hash 0.
func signatures(raw []byte) ([]signature, error) {
	unzipped, err := gzip.NewReader(bytes.NewReader(raw))
	if err != nil {
		return nil, err
	}
	unzipped.Multistream(false)
	var all []signature
	for archive := tar.NewReader(io.LimitReader(unzipped, maxSignatures)); ; {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) && len(all) > 0 {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		rest, ok := strings.CutPrefix(header.Name, ".SIGN.")
		if !ok {
			return all, nil
		}
		if kind, name, ok := strings.Cut(rest, "."); ok {
			one := signature{name: name, hash: map[string]crypto.Hash{"RSA": crypto.SHA1, "RSA256": crypto.SHA256}[kind]}
			if one.bytes, err = io.ReadAll(archive); err != nil {
				return nil, err
			}
			all = append(all, one)
		}
	}
}

// names returns the names of the keys, for a message.
func names(all []signature) string {
	var names []string
	for _, one := range all {
		names = append(names, one.name)
	}
	return strings.Join(names, ", ")
}

// verify checks that the signature was made of these bytes by the owner of the key.
func (s signature) verify(signed, key []byte) error {
	public, err := publicKey(key)
	if err != nil {
		return err
	}
	if s.hash == 0 {
		return errors.New("a signature of an unknown kind")
	}
	sum := s.hash.New()
	sum.Write(signed)
	return rsa.VerifyPKCS1v15(public, s.hash, sum.Sum(nil), s.bytes)
}

// signed returns the gzip streams after the first one, which holds the signatures.
func signed(raw []byte) ([]byte, error) {
	rest := bytes.NewReader(raw) // an io.ByteReader, of which gzip reads no byte ahead
	unzipped, err := gzip.NewReader(rest)
	if err != nil {
		return nil, err
	}
	unzipped.Multistream(false)
	if _, err := io.Copy(io.Discard, io.LimitReader(unzipped, maxSignatures)); err != nil {
		return nil, err
	}
	return raw[len(raw)-rest.Len():], nil
}
