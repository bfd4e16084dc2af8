package build

import (
	"fmt"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
)

// Attest says when a push attaches provenance to an image.
type Attest string

const (
	AttestAuto   Attest = "auto"   // if the image has none yet: pushing an unchanged image changes nothing
	AttestAlways Attest = "always" // also if the image has another provenance
	AttestNone   Attest = "none"   // never
)

// ParseAttest reads the value of --attest.
func ParseAttest(value string) (Attest, error) {
	attest, err := suggest.OneOf(Attest(value), AttestAuto, AttestAlways, AttestNone)
	if err != nil {
		return "", fmt.Errorf("--attest: %w", err)
	}
	return attest, nil
}
