package apkfs

// Installed is a package in apk's database of installed packages (https://wiki.alpinelinux.org/wiki/Apk_spec).
type Installed struct {
	Name, Version, Arch, Description, URL, License string
	Origin, Commit                                 string   // the source package, and the commit of its recipe
	Checksum                                       []byte   // the SHA-1 of the package's control part; nil if unknown
	Depends, Provides                              []string // as apk writes them: busybox>=1.36, so:libc.musl-x86_64.so.1=1
	Files                                          []string // paths without a leading slash
}

// ReadInstalled reads the content of lib/apk/db/installed.
func ReadInstalled(text []byte) ([]Installed, error) {
	records, err := readRecords(text)
	if err != nil {
		return nil, err
	}
	var all []Installed
	for _, p := range records {
		all = append(all, Installed{
			Name: p.Name, Version: p.Version, Arch: p.Arch, Description: p.Description, URL: p.URL, License: p.License,
			Origin: p.Origin, Commit: p.RepoCommit, Checksum: p.Checksum, Depends: p.Dependencies, Provides: p.Provides,
			Files: p.files,
		})
	}
	return all, nil
}
