package layout

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestNotHere holds that a name that is neither an image here nor a reference is reported before any registry is asked.
func TestNotHere(t *testing.T) {
	top := t.TempDir()
	t.Chdir(top)
	for _, dir := range []string{"dist/mine", "here", "src"} {
		if err := os.MkdirAll(filepath.Join("project", dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir("project")
	for _, file := range []string{"dist/mine/index.json", "here/index.json", "x.tar", "../index.json"} {
		if err := os.WriteFile(file, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for image, want := range map[string]string{
		"scratch":                    "image scratch is not built yet: mkimage build scratch",
		"scrtch":                     `"scrtch": no image, folder or archive of that name here; did you mean scratch?` + reference,
		"scrtch:1":                   `"scrtch:1": no image, folder or archive of that name here; did you mean scratch?` + reference,
		"scratch:latest":             `"scratch:latest": no image, folder or archive of that name here; did you mean scratch?` + reference,
		"dist/scrtch":                `"dist/scrtch": no image, folder or archive of that name here; did you mean scratch?` + reference,
		"dist/scratch":               `"dist/scratch": no image, folder or archive of that name here; did you mean scratch?` + reference,
		"./zzzzzzz":                  `"./zzzzzzz": no image, folder or archive of that name here.` + reference,
		"../gone":                    `"../gone": no image, folder or archive of that name here.` + reference,
		"/gone/x":                    `"/gone/x": no image, folder or archive of that name here.` + reference,
		"gone/":                      `"gone/": no image, folder or archive of that name here.` + reference,
		"y.tar":                      `"y.tar": no image, folder or archive of that name here.` + reference,
		"not a reference":            `"not a reference": no image, folder or archive of that name here.` + reference,
		"x.tar":                      "x.tar is a file, and images are read from folders: give an archive to docker load -i x.tar, and then the name that it prints." + reference,
		"src":                        "the folder src holds no image: that of one has an index.json." + reference,
		".":                          "the folder . holds no image: that of one has an index.json." + reference,
		"you/app":                    "",
		"registry.example.org/app:1": "",
		"localhost:5000/app":         "",
	} {
		got := ""
		if err := NotHere(image, []string{"hello", "scratch"}); err != nil {
			got = err.Error()
		}
		if got != want || strings.Contains(got, "\n") {
			t.Errorf("%s:\n got %s\nwant %s", image, got, want)
		}
	}
	for image, want := range map[string]string{"mine": "dist/mine", "dist/mine": "dist/mine", "here": "here", "./here": "./here", "../project/here": "../project/here", "..": "..", "../here": "", ".": "", "": ""} {
		if dir, found := Find(image); dir != want || found != (want != "") {
			t.Errorf("%q is found at %q, want %q", image, dir, want)
		}
	}
}
