package wsk

import (
	"fmt"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/human"
)

// maxCode is OpenWhisk's default limit for code, in bytes of the text that is sent, which is base64
// where it is binary, with the names of function and image (openwhisk, application.conf, exec-size-limit; Exec.scala).
const maxCode = 48 << 20

// MostZip is the size in bytes of the largest zip that OpenWhisk takes.
const MostZip = maxCode / 4 * 3

// TooLarge returns the error for code at path that, packed, has more than MostZip.
func TooLarge(path string) error {
	return fmt.Errorf("%s is too large for an upload: packed it has more than %s, and OpenWhisk takes 48 MB of base64: bake it into the image with "+
		"mkimage build --action", path, human.Bytes(MostZip))
}

func checkSize(path string, sent int) error {
	if sent <= maxCode {
		return nil
	}
	return fmt.Errorf("%s is too large for an upload: %d bytes as it is sent (a zip in base64), and OpenWhisk takes 48 MB, %d bytes: "+
		"bake it into the image with mkimage build --action", path, sent, maxCode)
}

// CheckSize returns an error if the action's code is larger than OpenWhisk takes.
func (a Action) CheckSize() error {
	if a.Code == nil {
		return nil
	}
	return checkSize(a.Code.Path, len(a.Code.text)+len(a.Main)+len(a.Image))
}
