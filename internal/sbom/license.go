package sbom

import (
	"strings"

	"github.com/github/go-spdx/v2/spdxexp"
)

// declared returns a licence as SPDX has it: the expression with its identifiers as the SPDX License List spells them
// where it is valid, else NOASSERTION.
func declared(expression string) string {
	// A license reference needs its text in the document, and the package does not have it.
	if strings.Contains(expression, "Ref-") {
		return unknown
	}
	valid, invalid := spdxexp.ValidateAndNormalizeLicensesWithOptions([]string{expression}, spdxexp.ValidateLicensesOptions{})
	if len(invalid) > 0 || len(valid) != 1 {
		return unknown
	}
	return valid[0]
}
