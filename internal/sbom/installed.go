package sbom

// Installed is an Alpine package of an image with the files that it has there.
type Installed struct {
	Name, Version string
	Files         []string // paths without a leading slash
}

// DatabasePath is where an image of Alpine lists what is installed.
const DatabasePath = databasePath

// ReadInstalled reads the content of the file at [DatabasePath].
func ReadInstalled(text []byte) ([]Installed, error) {
	packages, err := parseDatabase(text)
	if err != nil {
		return nil, err
	}
	installed := make([]Installed, len(packages))
	for i, p := range packages {
		installed[i] = Installed{p.name, p.version, p.files}
	}
	return installed, nil
}
