package sbom

import (
	"fmt"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
)

// Format is a form that the content of an image is listed in.
type Format string

// The formats.
const (
	SPDX Format = "spdx" // SPDX 2.3 as JSON
	None Format = "none" // it is not listed
)

// ParseFormat reads the name of a format.
func ParseFormat(name string) (Format, error) {
	switch format := Format(name); format {
	case SPDX, None:
		return format, nil
	}
	return "", fmt.Errorf("no format %q: %s", name, suggest.Choices(name, []string{string(SPDX), string(None)}))
}
