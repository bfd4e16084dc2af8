// Package release knows the version and the commit of a released mkimage. ci/release sets them with the linker:
//
//	go build -ldflags "-X PATH/internal/release.Version=v1.0.0 -X PATH/internal/release.Commit=HASH" ...
//
// A mkimage that was compiled by hand or with go install tells it by what the go command has written down.
package release

import (
	"cmp"
	"runtime/debug"
)

// Version and Commit are set by the linker, and empty where it was not told them. They belong to a clean tree.
var Version, Commit string

// Number returns the version of mkimage: v1.0.0, a pseudo-version, or (devel).
func Number() string {
	version := "(devel)"
	if built, ok := debug.ReadBuildInfo(); ok {
		version = cmp.Or(built.Main.Version, version)
	}
	return cmp.Or(Version, version)
}

// Revision returns the git commit that mkimage was compiled from, or "", and whether its tree had changes.
func Revision() (commit string, modified bool) {
	if Commit != "" {
		return Commit, false
	}
	built, ok := debug.ReadBuildInfo()
	if !ok {
		return "", false
	}
	for _, setting := range built.Settings {
		switch setting.Key {
		case "vcs.revision":
			commit = setting.Value
		case "vcs.modified":
			modified = setting.Value == "true"
		}
	}
	return commit, modified
}
