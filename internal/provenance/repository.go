package provenance

import (
	"net/url"
	"slices"
	"strings"
)

// public returns the address of a git remote as SPDX and SLSA write it, "git+https://HOST/PATH", or "" for a place on
// this machine. User, password, query and fragment, which may be secret, are left out.
func public(remote string) string {
	if !strings.Contains(remote, "://") {
		return public(fromSCP(remote))
	}
	address, err := url.Parse(remote)
	if err != nil {
		return ""
	}
	scheme := strings.TrimPrefix(address.Scheme, "git+")
	if !slices.Contains([]string{"https", "http", "ssh", "git"}, scheme) || address.Hostname() == "" {
		return ""
	}
	clean := url.URL{Scheme: "git+" + scheme, Host: address.Host, Path: address.Path}
	if scheme == "git" {
		clean.Scheme = scheme
	}
	return clean.String()
}

// fromSCP turns git's short form of ssh, [USER@]HOST:PATH, into the long one. Anything else is a path, where a slash
// stands before the colon, or a single letter, which is a drive (git-clone(1), "GIT URLS"); or it is for a helper, with
// two colons (gitremote-helpers(7)).
func fromSCP(remote string) string {
	host, path, ok := strings.Cut(remote, ":")
	if _, after, found := strings.Cut(host, "@"); found {
		host = after
	}
	if !ok || len(host) < 2 || strings.ContainsAny(host, `/\`) || path == "" || path[0] == ':' {
		return "file:///"
	}
	return "ssh://" + host + "/" + strings.TrimPrefix(path, "/")
}
