package sbom

import "testing"

func TestDeclared(t *testing.T) {
	for text, want := range map[string]string{
		"MIT":                                 "MIT",
		"mit":                                 "MIT",
		"GPL-2.0+":                            "GPL-2.0+",
		"GPL-2.0-or-later":                    "GPL-2.0-or-later",
		"MPL-2.0 AND MIT":                     "MPL-2.0 AND MIT",
		"ISC AND ( BSD-3-Clause OR MIT )":     "ISC AND (BSD-3-Clause OR MIT)",
		"(MIT OR (ISC AND Zlib))":             "MIT OR ISC AND Zlib",
		"GPL-2.0-only WITH GCC-exception-2.0": "GPL-2.0-only WITH GCC-exception-2.0",
		"":                                    unknown,
		"custom":                              unknown,
		"Public-Domain":                       unknown,
		"MIT BSD-3-Clause":                    unknown,
		"MIT AND":                             unknown,
		"AND MIT":                             unknown,
		"(MIT":                                unknown,
		"MIT)":                                unknown,
		"()":                                  unknown,
		"+":                                   unknown,
		"MIT WITH":                            unknown,
		"MIT WITH ISC":                        unknown,
		"(MIT) WITH Bison-exception-2.2":      unknown,
		"GPL-3.0-or-later WITH OpenSSL-Exception": unknown,
		"LicenseRef-mine":                         unknown,
		"DocumentRef-other:LicenseRef-mine":       unknown,
		"Bison-exception-2.2":                     unknown,
	} {
		if got := declared(text); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

func FuzzDeclared(f *testing.F) {
	f.Add("ISC AND ( BSD-3-Clause OR MIT )")
	f.Fuzz(func(t *testing.T, text string) {
		if valid := declared(text); valid != unknown && declared(valid) != valid {
			t.Errorf("%q becomes %q, which is not itself", text, valid)
		}
	})
}
