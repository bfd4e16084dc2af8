// Package carried has the programs that a released mkimage carries, so that images with the proxy need no Go. They have
// the bytes that compiling gives. Without the build tag "carried" there are none; ci/release compiles them into the folder
// programs, and mkimage with the tag.
package carried

import (
	"bytes"
	"compress/gzip"
	"io"
	"io/fs"
	"path"
)

// suffix ends the names of programs. Before it stands the key of the sources, the platform and the flags
// that a program is compiled from.
const suffix = ".gz"

// maxProgram is the size limit of a program, in bytes.
const maxProgram = 64 << 20

// Program returns the program with a key, or false where mkimage carries none.
func Program(key string) ([]byte, bool) {
	packed, err := fs.ReadFile(programs(), path.Join("programs", key+suffix))
	if err != nil {
		return nil, false
	}
	unzipped, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, false
	}
	program, err := io.ReadAll(io.LimitReader(unzipped, maxProgram))
	return program, err == nil
}

// Has reports whether mkimage carries the program with a key.
func Has(key string) bool {
	_, err := fs.Stat(programs(), path.Join("programs", key+suffix))
	return err == nil
}

// Count returns the number of programs that mkimage carries.
func Count() int {
	entries, _ := fs.ReadDir(programs(), "programs")
	return len(entries)
}

// Pack returns the name and the content of a program's file in the folder programs.
func Pack(key string, program []byte) (name string, content []byte, err error) {
	var packed bytes.Buffer
	zipped, err := gzip.NewWriterLevel(&packed, gzip.BestCompression)
	if err != nil {
		return "", nil, err
	}
	if _, err := zipped.Write(program); err != nil {
		return "", nil, err
	}
	err = zipped.Close()
	return key + suffix, packed.Bytes(), err
}
