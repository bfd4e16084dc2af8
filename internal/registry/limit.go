package registry

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/patient"
)

// maxManifest is how much is read of a manifest or a list of referrers, in bytes: twice of what registries are asked to take
// (OCI distribution-spec, "Pushing Manifests"). It is all held in memory, and go-containerregistry takes 100 MiB.
const maxManifest = 8 << 20

// errTooLarge is the error for reading more of it.
var errTooLarge = errors.New("the registry's answer has more than 8 MiB, which no manifest has")

// limit returns the body of an answer. That of a manifest has an end.
func limit(request *http.Request, body io.ReadCloser) io.ReadCloser {
	if path := request.URL.Path; strings.Contains(path, "/manifests/") || strings.Contains(path, "/referrers/") {
		return patient.Limit(body, maxManifest, errTooLarge)
	}
	return body
}
