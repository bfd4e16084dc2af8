package main

import (
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/sciabarracom/openwhisk-runtime-go/internal/apkfs/apktest"
)

// writeMirror is the command "mirror [VERSION]": it writes the packages of v3.22 into the folder mirror, with bash in
// that version, signed by the key in $KEY. Again, it replaces them.
func writeMirror(ts *testscript.TestScript, _ bool, args []string) {
	mirror, err := apktest.New(ts.MkAbs("."))
	ts.Check(err)
	languages := apktest.Languages()
	for i := range languages {
		if languages[i].Name == "bash" && len(args) > 0 {
			old, err := filepath.Glob(filepath.Join(mirror.Dir, "*", "*", "*", "bash-*.apk"))
			ts.Check(err)
			for _, file := range old {
				ts.Check(os.Remove(file))
			}
			languages[i].Version = args[0]
		}
	}
	for _, arch := range []string{"x86_64", "aarch64"} {
		packages := append(apktest.Base("v3.22"), languages...)
		if arch == "x86_64" {
			packages = append(packages, apktest.Package{Name: "microcode", Version: "1-r0"}) // no other has it
		}
		ts.Check(mirror.Add("v3.22", "main", arch, packages...))
	}
	ts.Setenv("KEY", mirror.KeyFile)
}
