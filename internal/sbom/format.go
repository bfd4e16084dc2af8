package sbom

import (
	"fmt"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
)

// Format is the format of an SBOM.
type Format string

const (
	SPDX Format = "spdx" // SPDX 2.3 as JSON
	None Format = "none" // no SBOM
)

// ParseFormat reads the value of --sbom.
func ParseFormat(value string) (Format, error) {
	format, err := suggest.OneOf(Format(value), SPDX, None)
	if err != nil {
		return "", fmt.Errorf("--sbom: %w", err)
	}
	return format, nil
}
