package wsk

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// Code is the code of an action, as it is uploaded.
type Code struct {
	Path string // as it stands on a command line: never like a flag
	text string // as it travels: a zip in base64, any other as it is
}

// ReadCode reads a file as wsk does, which sends *.zip and *.jar in base64 and all others as text. It refuses files
// that this would spoil: programs, tar.gz, and zips of another name.
func ReadCode(path string) (*Code, error) {
	content, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, human.Reason(err))
	}
	code := &Code{Path: filepath.ToSlash(path)} // a shell takes a backslash for something else
	if strings.HasPrefix(path, "-") {
		code.Path = "./" + path
	}
	packed := packedName(path)
	switch isZip := bytes.HasPrefix(content, []byte("PK\x03\x04")); {
	case len(content) == 0:
		return nil, fmt.Errorf("%s is empty: it has no code", path)
	case packed && isZip:
		code.text = base64.StdEncoding.EncodeToString(content)
		return code, nil
	case packed:
		return nil, fmt.Errorf("%s is not a zip, whatever its name says: wsk sends it in base64 by that name: %s", path, advice(path, content))
	case isZip:
		return nil, fmt.Errorf("%s is a zip, which wsk sends as broken text under this name: rename it to %s", path, withExtension(path))
	case !utf8.Valid(content), bytes.ContainsRune(content, 0):
		return nil, fmt.Errorf("%s is %s, which wsk sends as broken text: %s", path, kind(content), advice(path, content))
	}
	code.text = string(content)
	return code, nil
}

// packedName reports whether wsk sends a file of this name in base64 (openwhisk-cli, commands/action.go).
func packedName(path string) bool {
	extension := filepath.Ext(path)
	return extension == ".zip" || extension == ".jar"
}

func withExtension(path string) string { return strings.TrimSuffix(path, filepath.Ext(path)) + ".zip" }

func isELF(content []byte) bool  { return bytes.HasPrefix(content, []byte("\x7fELF")) }
func isGzip(content []byte) bool { return bytes.HasPrefix(content, []byte("\x1f\x8b")) }

func kind(content []byte) string {
	switch {
	case isELF(content):
		return "a program"
	case isGzip(content):
		return "a tar.gz"
	}
	return "neither text nor a zip"
}

// advice returns the way to make a zip with "exec" at its top from a file.
func advice(path string, content []byte) string {
	base := filepath.Base(path)
	packed := strings.TrimSuffix(strings.TrimSuffix(base, filepath.Ext(base)), ".tar") + ".zip"
	if isGzip(content) {
		return "unpack it and zip what is in it, with exec at the top: " +
			"mkdir unpacked && tar xzf " + quote([]string{path}) + " -C unpacked && (cd unpacked && zip -r " + quote([]string{"../" + packed}) + " .)"
	}
	if isELF(content) {
		return "zip it under the name exec: cp " + quote([]string{path}) + " exec && zip " + quote([]string{packed}) + " exec (mkimage action build does that for Go)"
	}
	return "zip it, with exec or main.* at the top"
}
