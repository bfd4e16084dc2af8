package sbom

import (
	"slices"
	"strings"
	"testing"
)

func TestIsExpression(t *testing.T) {
	for text, want := range map[string]bool{
		"MIT":                                 true,
		"GPL-2.0+":                            true,
		"GPL-2.0-or-later":                    true,
		"MPL-2.0 AND MIT":                     true,
		"ISC AND ( BSD-3-Clause OR MIT )":     true,
		"(MIT OR (ISC AND Zlib))":             true,
		"GPL-2.0-only WITH GCC-exception-2.0": true,
		"MIT OR GPL-2.0-only WITH Bison-exception-2.2 AND ISC": true,
		"":                               false,
		"custom":                         false,
		"Public-Domain":                  false,
		"MIT BSD-3-Clause":               false,
		"MIT AND":                        false,
		"AND MIT":                        false,
		"MIT and ISC":                    false,
		"(MIT":                           false,
		"MIT)":                           false,
		"()":                             false,
		"+":                              false,
		"MIT WITH":                       false,
		"MIT WITH ISC":                   false,
		"(MIT) WITH Bison-exception-2.2": false,
		"GPL-3.0-or-later WITH OpenSSL-Exception": false,
		"LicenseRef-mine":                         false,
		"Bison-exception-2.2":                     false,
		"MIT\nISC":                                false,
	} {
		if got := isExpression(text); got != want {
			t.Errorf("%q: %t, want %t", text, got, want)
		}
	}
}

func TestLists(t *testing.T) {
	for name, list := range map[string]string{"licenses": licenseList, "exceptions": exceptionList} {
		ids := strings.Split(strings.TrimSuffix(list, "\n"), "\n")
		if !slices.IsSorted(ids) || len(slices.Compact(slices.Clone(ids))) != len(ids) || slices.ContainsFunc(ids, func(id string) bool { return id == "" || strings.ContainsAny(id, " \t\r") }) {
			t.Errorf("%s.txt is not a sorted list of identifiers", name)
		}
	}
}

func FuzzIsExpression(f *testing.F) {
	f.Add("ISC AND ( BSD-3-Clause OR MIT )")
	f.Fuzz(func(t *testing.T, text string) {
		if isExpression(text) && (!isExpression("("+text+")") || !isExpression(text+" AND "+text) || isExpression(text+" AND")) {
			t.Errorf("%q", text)
		}
	})
}
