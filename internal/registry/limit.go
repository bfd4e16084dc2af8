package registry

import (
	"errors"
	"io"
	"net/http"
	"strings"
)

// maxManifest is how much is read of a manifest or a list of referrers, in bytes: twice of what registries are asked to take
// (OCI distribution-spec, "Pushing Manifests"). It is all held in memory, and go-containerregistry takes 100 MiB.
const maxManifest = 8 << 20

// errTooLarge is what reading more of it fails with.
var errTooLarge = errors.New("the registry's answer has more than 8 MiB, which no manifest has")

// limited is the body of an answer that may not have more than left bytes.
type limited struct {
	io.ReadCloser
	left int
}

// limit returns the body of an answer. That of a manifest has an end.
func limit(request *http.Request, body io.ReadCloser) io.ReadCloser {
	if path := request.URL.Path; strings.Contains(path, "/manifests/") || strings.Contains(path, "/referrers/") {
		return &limited{body, maxManifest}
	}
	return body
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.ReadCloser.Read(p)
	if l.left -= n; l.left < 0 {
		return 0, errTooLarge
	}
	return n, err
}
