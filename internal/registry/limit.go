package registry

import (
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/patient"
)

// maxManifest limits a manifest or a list of referrers, in bytes: twice the size that registries should accept (OCI
// distribution-spec, "Pushing Manifests"). It is held in memory, and go-containerregistry accepts 100 MiB.
const maxManifest = 8 << 20

// errTooLarge is the error for an answer above the limit.
var errTooLarge = errors.New("the registry's answer has more than 8 MiB, which no manifest has")

// limit returns the body of an answer, limited if it is a manifest or a list.
func limit(request *http.Request, body io.ReadCloser) io.ReadCloser {
	if path := request.URL.Path; strings.Contains(path, "/manifests/") || strings.Contains(path, "/referrers/") {
		return patient.Limit(body, maxManifest, errTooLarge)
	}
	return body
}
