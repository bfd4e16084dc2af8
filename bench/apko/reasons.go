package main

import (
	"archive/tar"
	"slices"
	"strings"
)

// reason returns why there is a difference, or "" where nobody knows. theirs is apko's image.
func (d difference) reason(theirs image) string {
	onlyApko, both := d.ours == nil, d.ours != nil && d.theirs != nil
	switch {
	case slices.Contains([]string{"action", "etc/passwd", "etc/group"}, d.name) && !onlyApko:
		return "mkimage adds the user of actions and the folder that they go into"
	case d.name == "etc/apk/repositories" && both:
		return "mkimage names Alpine's public mirror, apko the one that it took packages from"
	case strings.HasPrefix(d.name, "etc/apk/keys/") && onlyApko:
		return "apko adds the keys that it was given"
	case slices.Contains([]string{"etc/apko.json", "etc/ssl/certs/.ca-certificates.crt.sha256", "var/cache/apk"}, d.name) && onlyApko:
		return "apko writes these, no package has them"
	case inDatabase(d.name):
		return "the database of packages is in lib/apk/db with mkimage, as apk-tools 2 has it, and without what apk needs to go on; apko has it in usr/lib/apk/db, as apk-tools 3"
	case onlyApko && d.theirs.kind == tar.TypeChar:
		return "apko adds devices; container engines mount /dev over them"
	case onlyApko && d.theirs.kind == tar.TypeDir && theirs.hasHomeIn(d.name):
		return "apko makes the home folder of every account of the system"
	case d.name == "etc/shells" && both:
		return "mkimage adds bash, as the script of its package does; apko runs no scripts"
	case d.name == "usr/bin/ssl_client" && d.theirs == nil:
		return "mkimage installs it as apk does, for busybox and libssl3 together (install_if); apko does not"
	case slices.Contains([]string{"etc/shadow", "proc", "var/tmp"}, d.name) && both:
		return "mkimage has the mode and the owner of the package's archive; apko's file system forgets them"
	}
	return ""
}

// inDatabase reports whether a path is that of the database of packages, or a folder or link on the way to it.
func inDatabase(name string) bool {
	return name == "lib/apk" || name == "usr/lib/apk" || strings.HasPrefix(name, "lib/apk/") || strings.HasPrefix(name, "usr/lib/apk/")
}

// hasHomeIn reports whether a folder is the home of an account, or above one.
func (i image) hasHomeIn(folder string) bool {
	return slices.ContainsFunc(i.homes, func(home string) bool { return home == folder || strings.HasPrefix(home, folder+"/") })
}
