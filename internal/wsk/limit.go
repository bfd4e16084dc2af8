package wsk

import (
	"encoding/base64"
	"fmt"
)

// maxCode is how much code OpenWhisk takes unless it is set otherwise, in bytes: that of the text as it travels, in base64
// where it is binary, with the names of function and image (openwhisk, application.conf, exec-size-limit; Exec.scala).
const maxCode = 48 << 20

// CheckUpload returns an error when a zip of this size is more than OpenWhisk takes.
func CheckUpload(path string, size int) error {
	return checkSize(path, base64.StdEncoding.EncodedLen(size))
}

func checkSize(path string, sent int) error {
	if sent <= maxCode {
		return nil
	}
	return fmt.Errorf("%s is too large for an upload: %d bytes as it is sent (a zip in base64), and OpenWhisk takes 48 MB, %d bytes: "+
		"bake it into the image with mkimage build --action", path, sent, maxCode)
}

// CheckSize returns an error when the action's code is more than OpenWhisk takes.
func (a Action) CheckSize() error {
	if a.Code == nil {
		return nil
	}
	return checkSize(a.Code.Path, len(a.Code.text)+len(a.Main)+len(a.Image))
}
