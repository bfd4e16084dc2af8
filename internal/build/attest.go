package build

import (
	"fmt"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/suggest"
)

// Attest says when a push states where an image comes from.
type Attest string

// The ways of a push.
const (
	AttestAuto   Attest = "auto"   // when nobody has: an image that has not changed stays as it is
	AttestAlways Attest = "always" // once more, if this build says something else
	AttestNone   Attest = "none"   // never
)

// ParseAttest reads the name of a way.
func ParseAttest(name string) (Attest, error) {
	switch attest := Attest(name); attest {
	case AttestAuto, AttestAlways, AttestNone:
		return attest, nil
	}
	return "", fmt.Errorf("no way %q: %s", name, suggest.Choices(name, []string{string(AttestAuto), string(AttestAlways), string(AttestNone)}))
}
