package sbom

import (
	_ "embed"
	"slices"
	"strings"
)

// The identifiers of the SPDX License List (https://spdx.org/licenses/), also those that are deprecated, sorted. They
// are those of the npm packages spdx-license-ids 3.0.24 and spdx-exceptions 2.5.0.
var (
	//go:embed licenses.txt
	licenseList string
	//go:embed exceptions.txt
	exceptionList string
)

// declared returns a licence as SPDX has it: the expression itself where it is valid, else NOASSERTION.
func declared(expression string) string {
	if !isExpression(expression) {
		return unknown
	}
	return expression
}

// isExpression reports whether text is a licence expression (SPDX 2.3, annex D) of identifiers in the list.
func isExpression(text string) bool {
	text = strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text)
	depth := 0
	before := "" // the last word: an operator, a parenthesis, or one of the next two
	const license, exception = "license", "exception"
	for _, word := range strings.Fields(text) {
		open := before == "" || before == "AND" || before == "OR" || before == "(" // an operand comes
		switch {
		case open && word == "(":
			depth++
			before = word
		case open:
			if !listed(licenseList, strings.TrimSuffix(word, "+")) {
				return false
			}
			before = license
		case before == "WITH":
			if !listed(exceptionList, word) {
				return false
			}
			before = exception
		case word == ")" && depth > 0:
			depth--
			before = word
		case word == "AND", word == "OR", word == "WITH" && before == license:
			before = word
		default:
			return false
		}
	}
	return depth == 0 && slices.Contains([]string{license, exception, ")"}, before)
}

func listed(list, id string) bool {
	return id != "" && (strings.HasPrefix(list, id+"\n") || strings.Contains(list, "\n"+id+"\n"))
}
